import { SluiceError, tlsProblem } from '@sluice/kernel';

import type { KafkaRequest } from '../wire/request.ts';

const tlsWords = {
  untrusted: 'name the file with the certificate of its authority in KAFKA_SSL_CA_LOCATION',
  notEncrypted:
    'it does not speak TLS on this port: take the port of a listener with SSL or SASL_SSL, or leave TLS out',
  wantsCertificate:
    'it wants a certificate of the client that it trusts (ssl.client.auth): name one in KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION',
};

/**
 * `hint` says what is likely when the cause alone does not. `isMisconfigured`: as long as nobody changes
 * anything, another attempt ends alike.
 */
export function unreachableError(
  address: string,
  cause: Error,
  { isEncrypted, hint }: { isEncrypted: boolean; hint?: string | undefined },
): SluiceError {
  const problem = tlsProblem(cause, isEncrypted, tlsWords);
  return new SluiceError(
    'log.unreachable',
    problem === undefined
      ? `Kafka at ${address}, which holds the record log, does not answer (${cause.message}): ${hint ?? 'check that it runs and that the address is right'}`
      : `cannot connect to Kafka at ${address}, which holds the record log: ${problem}`,
    {
      retriable: true,
      cause,
      details: { address, isMisconfigured: isMisconfigured(cause, problem) },
    },
  );
}

export function timedOutError(address: string, apiName: string, timeoutMs: number): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `Kafka at ${address} has not answered a ${apiName} request within ${timeoutMs} ms: check that it is healthy and not overloaded`,
    { retriable: true, details: { address, apiName, timeoutMs } },
  );
}

export function cutError(address: string): SluiceError {
  return new SluiceError('log.unreachable', `the connection to Kafka at ${address} was cut`, {
    retriable: true,
    details: { address },
  });
}

/** The broker has refused what SASL said. kafkajs's messages hold no password. */
export function forbiddenError(address: string, mechanism: string, cause: Error): SluiceError {
  const remedy = offersNoMechanism(cause)
    ? `name one that the listener offers (sasl.enabled.mechanisms)`
    : usesNoSasl(cause)
      ? 'its listener takes no SASL: leave SASL out, or take the port of one with SASL_PLAINTEXT or SASL_SSL'
      : mechanism === 'OAUTHBEARER'
        ? 'the broker does not take the token: check who issued it, for whom, and until when it is valid'
        : 'check user and password (KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD)';
  return new SluiceError(
    'log.forbidden',
    `Kafka at ${address} refuses authentication by ${mechanism} (${cause.message}): ${remedy}`,
    { cause, details: { address, mechanism } },
  );
}

export function tokenError(address: string, cause: Error): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `cannot authenticate to Kafka at ${address}: no OAUTHBEARER token was obtained (${cause.message}): check the token endpoint`,
    { retriable: true, cause, details: { address } },
  );
}

export function unsupportedError(
  address: string,
  { apiName, apiVersion }: KafkaRequest<unknown>,
  offered: { readonly minVersion: number; readonly maxVersion: number } | undefined,
): SluiceError {
  const has =
    offered === undefined
      ? 'not at all'
      : `in versions ${offered.minVersion} to ${offered.maxVersion}`;
  return new SluiceError(
    'log.unsupported',
    `Kafka at ${address} has ${apiName} ${has}, and this Sluice speaks version ${apiVersion}: use Kafka 2.5 or newer, or a newer Sluice`,
    { details: { address, apiName, apiVersion, ...offered } },
  );
}

function isMisconfigured(cause: Error, problem: string | undefined): boolean {
  return problem !== undefined && !('code' in cause && cause.code === 'ETIMEDOUT');
}

function offersNoMechanism(cause: Error): boolean {
  return (
    typeOf(cause) === 'UNSUPPORTED_SASL_MECHANISM' ||
    /mechanism is not supported/.test(cause.message)
  );
}

function usesNoSasl(cause: Error): boolean {
  return typeOf(cause) === 'ILLEGAL_SASL_STATE';
}

function typeOf(cause: Error): unknown {
  return 'type' in cause ? cause.type : undefined;
}
