/** Safeguards of trees in a target that refers to itself; see `table.mjs`. */
const SHARED = 'src/dialects/relational'
const TREES = 'test/live/postgres-tree-references.test.ts'

export const REFERENCES = [
  {
    name: 'references: what moves together is cut',
    file: `${SHARED}/moves.sql.ts`,
    find: 'PARTITION BY step, depth, coalesce(unit, -n)',
    replace: 'PARTITION BY step, depth, n',
    test: [TREES, 'a moved folder and three levels below it are moved by one batch, however small batches are'],
  },
  {
    name: 'references: only what lies below a moved row comes with it',
    file: `${SHARED}/work-area.ts`,
    find: 'const referring = refers(x.r) ?',
    replace: 'const referring = x.r.tree === null ?',
    test: [TREES, 'a row that left a moved folder comes with it, though it is too young for the window'],
  },
  {
    name: 'references: who lands below a row that moves does not wait for it',
    file: `${SHARED}/moves.sql.ts`,
    find: 'JOIN ${late} AS b ON b.loc = n.par WHERE a.unit <> b.unit',
    replace: 'JOIN ${late} AS b ON b.loc = n.par WHERE FALSE',
    test: [TREES, 'new rows below a moved folder land after it, and another folder that moves below them after those'],
  },
  {
    name: 'references: who takes the place of a row that moves does not wait for it',
    file: `${SHARED}/moves.sql.ts`,
    find: 'JOIN ${late} AS b ON b.loc = m.loc WHERE a.unit <> b.unit',
    replace: 'JOIN ${late} AS b ON b.loc = m.loc WHERE FALSE',
    test: [TREES, 'a new folder where one was that was moved away lands after the move'],
  },
  {
    name: 'references: rows may be left below one that moves',
    file: `${SHARED}/move-together.ts`,
    find: '  await refuseLeftBehind(to, x)\n',
    replace: '',
    test: [
      TREES,
      'a row that the source deleted below a moved folder stops the run before it writes, until the target loses it too',
    ],
  },
  {
    name: 'references: a row that cannot land is a parent',
    file: `${SHARED}/sift.ts`,
    find: 'while (found > 0n && tree.reference !== undefined)',
    replace: 'while (false)',
    test: [TREES, 'a row of a moved folder that cannot land keeps the folder where it was, and other rows land'],
  },
]
