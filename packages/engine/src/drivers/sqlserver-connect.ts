/** How a connection is made: who asks, over which wire, and why it could not. */
import { Connection, type ConnectionConfiguration } from 'tedious'
import type { Secret } from '../runtime/secret.ts'
import { CannotConnect, clientCode, type ConnectProblem } from './sqlserver-errors.ts'

/** strict: TLS before the first byte (TDS 8, from 2022 on) · require: encrypted, the certificate checked · trust: encrypted, whoever answers */
export type TlsMode = 'strict' | 'require' | 'trust' | 'disable'

/** Who asks. Entra ID is the present name of Azure Active Directory. */
export type Login =
  | { readonly kind: 'sql'; readonly user: string; readonly password: Secret | null }
  | { readonly kind: 'ntlm'; readonly domain: string; readonly user: string; readonly password: Secret | null }
  | { readonly kind: 'entra-default'; readonly clientId: string | null }
  | {
      readonly kind: 'entra-password'
      readonly user: string
      readonly password: Secret
      readonly clientId: string
      readonly tenantId: string
    }
  | {
      readonly kind: 'entra-service-principal'
      readonly clientId: string
      readonly secret: Secret
      readonly tenantId: string
    }
  | { readonly kind: 'entra-managed-identity'; readonly clientId: string | null }
  | { readonly kind: 'entra-token'; readonly token: Secret }

export interface SqlServerOptions {
  readonly host: string
  /** null: asked of the browser service, by the instance's name */
  readonly port: number | null
  readonly instance: string | null
  readonly database: string
  readonly login: Login
  readonly tls: {
    readonly mode: TlsMode
    /** PEM; null: the authorities that Node trusts */
    readonly ca: string | null
    /** the name that the certificate must bear; null: the host's */
    readonly serverName: string | null
  }
  readonly applicationName: string
  readonly connectTimeoutMs: number
  /** asks for a readable secondary of an availability group */
  readonly readOnly: boolean
  /** how long one statement may take, whatever it returns; left out: as long as it takes */
  readonly statementTimeoutMs?: number
  /** how long a cancelled statement may take to end, past which the connection is closed; left out: 15 s */
  readonly cancelTimeoutMs?: number
}

/** the largest that TLS of this protocol takes */
const PACKET_BYTES = 16_384
/** a transaction that is rolled back by it takes about as long as what it has written */
const CANCEL_TIMEOUT_MS = 15_000
export const cancelTimeoutOf = (options: SqlServerOptions): number => options.cancelTimeoutMs ?? CANCEL_TIMEOUT_MS

type Authentication = NonNullable<ConnectionConfiguration['authentication']>

function authenticationOf(login: Login): Authentication {
  switch (login.kind) {
    case 'sql':
      return { type: 'default', options: { userName: login.user, password: login.password?.reveal() ?? '' } }
    case 'ntlm':
      return {
        type: 'ntlm',
        options: { userName: login.user, password: login.password?.reveal() ?? '', domain: login.domain },
      }
    case 'entra-default':
      return {
        type: 'azure-active-directory-default',
        options: login.clientId === null ? {} : { clientId: login.clientId },
      }
    case 'entra-password':
      return {
        type: 'azure-active-directory-password',
        options: {
          userName: login.user,
          password: login.password.reveal(),
          clientId: login.clientId,
          tenantId: login.tenantId,
        },
      }
    case 'entra-service-principal':
      return {
        type: 'azure-active-directory-service-principal-secret',
        options: { clientId: login.clientId, clientSecret: login.secret.reveal(), tenantId: login.tenantId },
      }
    case 'entra-managed-identity':
      return {
        type: 'azure-active-directory-msi-vm',
        options: login.clientId === null ? {} : { clientId: login.clientId },
      }
    case 'entra-token':
      return { type: 'azure-active-directory-access-token', options: { token: login.token.reveal() } }
  }
}

function configurationOf(options: SqlServerOptions): ConnectionConfiguration {
  const { login, tls, port, instance, ...rest } = options
  return {
    server: rest.host,
    authentication: authenticationOf(login),
    options: {
      ...(port === null ? {} : { port }),
      ...(instance === null || port !== null ? {} : { instanceName: instance }),
      database: rest.database,
      appName: rest.applicationName,
      connectTimeout: rest.connectTimeoutMs,
      // the client's own limit ends with the first packet of the answer; the session has one to the last
      requestTimeout: 0,
      cancelTimeout: cancelTimeoutOf(options),
      encrypt: tls.mode === 'strict' ? 'strict' : tls.mode !== 'disable',
      trustServerCertificate: tls.mode === 'trust',
      ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
      ...(tls.ca === null ? {} : { cryptoCredentialsDetails: { ca: tls.ca } }),
      packetSize: PACKET_BYTES,
      readOnlyIntent: rest.readOnly,
      // any error ends a transaction as a whole: no batch is ever half in
      abortTransactionOnError: true,
      // whoever tries again is ours to decide
      maxRetriesOnTransientErrors: 0,
      useUTC: true,
      useColumnNames: false,
    },
  }
}

/** A connection that is logged in, with a listener for errors of its own. Throws CannotConnect. */
export async function connectClient(options: SqlServerOptions): Promise<Connection> {
  const connection = new Connection(configurationOf(options))
  // a server that ends a connection as soon as it is made says so before a session listens
  connection.on('error', () => {})
  // the client gives the words of the last refusal alone, and no number
  const refusals: { readonly number: number; readonly message: string }[] = []
  const listen = (refusal: { readonly number: number; readonly message: string }): void => void refusals.push(refusal)
  connection.on('errorMessage', listen)
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()))
    })
    connection.off('errorMessage', listen)
    return connection
  } catch (error) {
    connection.close()
    const [first] = refusals
    if (first !== undefined)
      throw new CannotConnect('login', refusals.map(({ message }) => message).join(' '), first.number, error)
    const problem = problemOf(error)
    throw new CannotConnect(problem, problem === 'encryption' ? encryptionWords(options) : wordsOf(error), null, error)
  }
}

/** The client's own are about its options. */
const encryptionWords = ({ tls }: SqlServerOptions): string =>
  tls.mode === 'disable' ? 'the server takes encrypted connections alone' : 'the server has no encryption to offer'

/** An address that has several numbers fails once for each, and the client says only that it could not connect. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const each = [error, error.cause].flatMap((e: unknown) => (e instanceof AggregateError ? e.errors : []))
  return [error.message, ...each.map((e: unknown) => (e instanceof Error ? e.message : String(e)))]
    .filter((words) => words !== '')
    .join('; ')
}

const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)_)/

function problemOf(error: unknown): ConnectProblem {
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if (CERTIFICATE.test(clientCode(e) ?? '')) return 'certificate'
  switch (clientCode(error)) {
    case 'EENCRYPT':
      return 'encryption'
    case 'ETIMEOUT':
      return 'time'
    case 'ELOGIN':
    case 'EFEDAUTH':
      return 'login'
    default:
      return 'network'
  }
}
