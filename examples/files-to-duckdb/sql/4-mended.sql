-- The file is mended: written beside the folder, then moved into its place by the copy itself.
COPY (
  SELECT * REPLACE (replace(amount, 'O', '0') AS amount)
  FROM read_csv('data/inbox/orders/2026-11-02.csv', all_varchar = true, allow_quoted_nulls = false)
) TO 'data/inbox/orders/2026-11-02.csv' (HEADER, USE_TMP_FILE true);
