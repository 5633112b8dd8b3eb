export { Access, type TlsServer } from './access.ts';
export {
  type Authentication,
  Authenticator,
  type AuthenticatorOptions,
  type Credential,
} from './authenticator.ts';
export { Callers, isCallerName, type KnownCaller, parseCallers } from './callers.ts';
export type { JwtOptions } from './jwt-check.ts';
export {
  certificateText,
  hashPassword,
  newToken,
  tokenProof,
  tokenText,
} from './proof.ts';
export { clientKey, RateLimit, type RateLimitOptions } from './rate-limit.ts';
export { allows, anybody, type Caller, parseRole, type Role, roles } from './roles.ts';
export {
  type AccessSettings,
  accessSettingsHelp,
  hasAccessFiles,
  hasAuthentication,
  readAccessSettings,
} from './settings.ts';
export { type ListenerTls, subjectOf } from './tls.ts';
