import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { bucketOf } from '../../src/dialects/archive/open-archive.ts'
import { deployed, flowYaml, NO_ROWS, PROJECT, problemText } from './definition-texts.ts'

const KEYS = 'access_key: env:K, secret_key: file:s'
const projectWith = (options: string): string => `${PROJECT}  depot: { kind: s3, ${options} }\n`

test('a connection to a bucket says where it is, and refers to its keys', () => {
  const options = `bucket: archives, endpoint: "http://127.0.0.1:9000", region: eu-west-2, prefix: nightly/orders, ${KEYS}, session_token: env:T`
  const { connections, problems } = resolveCatalog(deployed([], NO_ROWS, projectWith(options)), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  expect(connections.get('depot')?.options).toEqual({
    bucket: 'archives',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-west-2',
    prefix: 'nightly/orders',
    access_key: 'env:K',
    secret_key: 'file:s',
    session_token: 'env:T',
  })
})

test('a bucket without an endpoint is one of Amazon, in its region', () => {
  const keys = { bucket: 'archives', access_key: 'k', secret_key: 's' }
  expect(bucketOf(keys)).toMatchObject({ endpoint: 'https://s3.us-east-1.amazonaws.com', prefix: '' })
  expect(bucketOf({ ...keys, region: 'eu-west-2' })).toMatchObject({ endpoint: 'https://s3.eu-west-2.amazonaws.com' })
  expect(JSON.stringify(bucketOf({ ...keys, secret_key: 'hidden-word' }))).not.toContain('hidden-word')
})

test.each<[string, string, RegExp]>([
  ['no bucket', KEYS, /^TM1011 .*bucket/],
  ['no keys', 'bucket: archives', /^TM1011 .*access_key/],
  ['a bucket with capitals', `bucket: Archives, ${KEYS}`, /^TM1011 .*the name of a bucket/],
  ['an endpoint with a path', `bucket: archives, endpoint: "http://h/x", ${KEYS}`, /^TM1011 .*without a path/],
  ['an endpoint without a scheme', `bucket: archives, endpoint: "h:9000", ${KEYS}`, /^TM1011 .*https:\/\/HOST/],
  ['a prefix that climbs', `bucket: archives, prefix: "a/../b", ${KEYS}`, /^TM1011 .*folders such as/],
  ['a prefix with a slash at its end', `bucket: archives, prefix: "a/", ${KEYS}`, /^TM1011 .*folders such as/],
  ['an unknown key', `bucket: archives, regoin: x, ${KEYS}`, /^TM1012 .*did you mean "region"\?/],
  ['a literal key', 'bucket: archives, access_key: env:K, secret_key: hidden-word', /^TM1015 .*"secret_key"/],
])('a connection to a bucket refused: %s', (_, options, message) => {
  const text = problemText([], projectWith(options))
  expect(text).toMatch(message)
  expect(text).not.toContain('hidden-word')
})

test.each(['source', 'target'])('a bucket is no %s: it holds archives, and no tables', (side) => {
  const project = projectWith(`bucket: archives, ${KEYS}`)
  const text = problemText([flowYaml({ [side]: '{ connection: depot, table: orders }' })], project)
  expect(text).toMatch(/^TM1019 .*it holds archives of snapshots, and no tables/)
})

test('a flow archives into a bucket, a folder or PostgreSQL, and survives deploy and export', () => {
  const project = `${projectWith(`bucket: archives, ${KEYS}`)}  inbox: { kind: files, path: inbox }\n  pg: { kind: postgres, url: env:U }\n`
  for (const id of ['depot', 'inbox', 'pg']) {
    const yaml = flowYaml({ capture: `{ kind: snapshot, archive: { connection: ${id}, retain: 90d } }` })
    const { flows, problems } = resolveCatalog(deployed([yaml], NO_ROWS, project), CAPTURE_SCHEMAS)
    expect(problems).toEqual([])
    expect(flows[0]?.capture.options).toMatchObject({ archive: { connection: id, retainMs: 90 * 86_400_000 } })
  }
})
