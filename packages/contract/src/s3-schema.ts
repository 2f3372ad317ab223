/** The options of a connection to an S3-compatible bucket: a place for archives, which holds no tables. */
import { z } from 'zod'
import { isReference, name, strictMap } from './schema-parts.ts'

const endpoint = name.refine(
  (text) => isReference(text) || /^https?:\/\/[^/?#\s]+\/?$/.test(text),
  'must be https://HOST or http://HOST:PORT, without a path, or env:NAME',
)
const bucket = name.refine(
  (text) => isReference(text) || /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text),
  'must be the name of a bucket: 3 to 63 small letters, digits, points and hyphens',
)
const prefix = name.refine(
  (text) => isReference(text) || (!text.startsWith('/') && !text.split('/').some((part) => /^\.*$/.test(part))),
  'must be folders such as backups/orders, without a slash at either end',
)

export const s3Schema = strictMap({
  bucket,
  /** left out: that of Amazon, in the region */
  endpoint: endpoint.optional(),
  /** left out: us-east-1 */
  region: name.optional(),
  /** the folder in the bucket; left out: the whole of it */
  prefix: prefix.optional(),
  access_key: name,
  secret_key: name,
  session_token: name.optional(),
})

export type S3ConnectionOptions = z.output<typeof s3Schema>
