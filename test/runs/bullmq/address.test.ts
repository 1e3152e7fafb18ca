import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { queueAddress } from '../../../src/runs/bullmq/address.js';

describe('the address of a queue', () => {
  it.each([
    ['redis://host', { host: 'host', port: 6379, db: 0 }],
    ['redis://host:7000/3', { host: 'host', port: 7000, db: 3 }],
    ['redis://:pass@host', { password: 'pass', shown: 'redis://host:6379/0' }],
    ['redis://ann:p%40ss%2F@host', { username: 'ann', password: 'p@ss/', shown: 'redis://ann@host:6379/0' }],
    ['rediss://ann@host', { tls: { servername: 'host' }, shown: 'rediss://ann@host:6379/0' }],
    ['rediss://10.0.0.7', { host: '10.0.0.7', tls: {} }],
    ['redis://[::1]:7000', { host: '::1', port: 7000, shown: 'redis://[::1]:7000/0' }],
  ])('reads %s', (text, expected) => {
    expect(queueAddress(text, {})).toMatchObject(expected);
  });

  it('takes the password from the environment where the address has none', () => {
    const environment = { ASSAY_QUEUE_PASSWORD: 'p/w' };
    expect(queueAddress('redis://ann@host', environment)).toMatchObject({ password: 'p/w' });
    expect(queueAddress('redis://ann:own@host', environment)).toMatchObject({ password: 'own' });
  });

  it.each([
    'redis://:hush-hush@',
    'redis://:hush-hush/@host',
    'redis://:hush-hush@host:99999',
    'redis://:hush-hush@host/first',
    'redis://:hush-hush@host?tls=1',
    'redis://:hush-hush#@host',
    'redis://%E0%A4%A:hush-hush@host',
    'http://:hush-hush@host',
    'hush-hush',
  ])('refuses %s, and repeats no part of it', (text) => {
    let thrown: unknown;
    try {
      queueAddress(text, {});
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AssayError);
    const error = thrown as AssayError;
    expect(error.code).toBe('config-invalid');
    expect(`${error.explain()}${error.stack}${JSON.stringify(error)}`).not.toContain('hush-hush');
  });
});
