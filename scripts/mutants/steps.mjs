/** Safeguards around SQL that a person wrote for a step. */
const SEMANTICS = 'test/semantics'

export const STEPS = [
  {
    name: 'steps: a template may give rows of other batches',
    file: 'src/dialects/relational/stage-batch.ts',
    find: 'if (strangers.length > 0)',
    replace: 'if (strangers.length < 0)',
    test: [
      `${SEMANTICS}/custom-steps.test.ts`,
      'a batch that gives rows of other keys is refused before anything of it lands',
    ],
  },
  {
    name: 'steps: a queue goes past scope and exclusions',
    file: 'src/dialects/relational/selection.sql.ts',
    find: 'sql`${taken} AND ${base}${s.absent',
    replace: 'sql`${taken} AND ${queueOf(r) === null ? base : ALWAYS}${s.absent',
    test: [`${SEMANTICS}/custom-steps.test.ts`, 'where, scope and excluded keys hold on top of a queue'],
  },
  {
    name: 'steps: a changed template is no change of the coverage',
    file: 'src/plan/coverage.ts',
    find: 'changes.push(...templateChanges(before.templates ?? {}, now.templates ?? {}))',
    replace: '',
    test: [`${SEMANTICS}/custom-steps.test.ts`, 'a template that changed stops plan and run with the choice'],
  },
]
