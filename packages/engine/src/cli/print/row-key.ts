/** A key as a person types it: one value bare, several as a JSON list. */
export const keyText = (key: readonly (string | null)[]): string =>
  key.length === 1 && key[0] != null && key[0] !== '' && !key[0].startsWith('[') ? key[0] : JSON.stringify(key)
