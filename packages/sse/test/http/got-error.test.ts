import { expect, test } from '@jest/globals';
import { type Options, RequestError } from 'got';

import type { ConnectFailure } from '../../src/http/failure.ts';
import { formatFailure } from '../../src/http/format-failure.ts';
import { connectFailureOf } from '../../src/http/got-error.ts';

function failureOf(cause: Error, reset?: string): unknown {
  return connectFailureOf(new RequestError(cause.message, cause, {} as Options), {
    connectTimeout: 10_000,
    reset,
  });
}

test.each([
  ['NET-03', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
  ['NET-03', 'SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
  ['NET-03', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate'],
  ['NET-03', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate'],
  ['NET-03', 'CERT_HAS_EXPIRED', 'certificate'],
  ['NET-03', 'CERT_REVOKED', 'certificate'],
  ['NET-03', 'HOSTNAME_MISMATCH', 'certificate'],
  ['NET-03', 'ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
  ['TLS', 'ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['TLS', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'tls'],
  ['TLS', 'EPROTO', 'tls'],
  ['NET-01', 'ECONNREFUSED', 'network'],
  ['NET-01', 'EHOSTUNREACH', 'network'],
  ['NET-02', 'EAI_AGAIN', 'network'],
  ['NET-04', 'ETIMEDOUT', 'network'],
  ['NET-08', 'HPE_INVALID_CONSTANT', 'network'],
])('%s %s is of type %s', (_id, code, type) => {
  const cause = Object.assign(new Error('it went wrong'), { code });
  expect(failureOf(cause)).toEqual({ type, code, message: 'it went wrong' });
});

test.each([
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_OSSL_PEM_NO_START_LINE',
  'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
])('REQ-07 %s is a mistake of the caller', (code) => {
  const cause = Object.assign(new Error('no'), { code });
  expect(failureOf(cause)).toEqual({ type: 'badRequest', message: 'no' });
});

test('REQ-07 an option of the wrong type is a mistake of the caller', () => {
  expect(failureOf(new TypeError('Expected a string'))).toEqual({
    type: 'badRequest',
    message: 'Expected a string',
  });
});

test.each([
  ['ECONNRESET', 'The server aborted pending request', 'NGHTTP2_REFUSED_STREAM'],
  ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code', 'NGHTTP2_REFUSED_STREAM'],
  ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 7', 'NGHTTP2_REFUSED_STREAM'],
  [undefined, 'The HTTP/2 stream has been early terminated', 'NGHTTP2_REFUSED_STREAM'],
  ['ETIMEDOUT', 'read ETIMEDOUT', 'ETIMEDOUT'],
  ['ECONNREFUSED', 'connect ECONNREFUSED', 'ECONNREFUSED'],
])('NET-07 %s %p, of a stream that was reset, is %s', (code, message, expected) => {
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code });
  const failure = { type: 'network', code: expected, message };
  expect(failureOf(cause, 'NGHTTP2_REFUSED_STREAM')).toEqual(failure);
});

test('NET-07 a stream of HTTP/2 that ends without a reason is a reset', () => {
  const message = 'The HTTP/2 session closed before settings were received';
  const failure = { type: 'network', code: 'ECONNRESET', message };
  expect(failureOf(new Error(message))).toEqual(failure);
});

test('NET-01 an error that wraps one for each address shows all of them', () => {
  const each = ['127.0.0.1', '::1'].map((address) => new Error(`connect ECONNREFUSED ${address}`));
  const all = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' });
  expect(failureOf(new Error('', { cause: all }))).toEqual({
    type: 'network',
    code: 'ECONNREFUSED',
    message: 'connect ECONNREFUSED 127.0.0.1, connect ECONNREFUSED ::1',
  });
});

test('a name with thousands of addresses has a reason of one line', () => {
  const each = Array.from({ length: 5000 }, () => new Error('connect ECONNREFUSED 10.0.0.1'));
  const all = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' });
  const failure = failureOf(new Error('', { cause: all })) as ConnectFailure;
  expect(failure).toMatchObject({ message: expect.stringMatching(/, … 4995 more$/) });
  expect(formatFailure(failure).length).toBeLessThan(500);
});

test('a reason is at most 500 characters, whatever the server sent', () => {
  const location = `ftp://host/${'x'.repeat(16_000)}`;
  const failure: ConnectFailure = {
    type: 'redirect',
    reason: 'unsupported',
    status: 302,
    location,
    url: 'http://host/',
  };
  expect(formatFailure(failure).length).toBeLessThan(510);
});
