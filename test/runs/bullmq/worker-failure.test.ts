import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { failureText, readFailure } from '../../../src/runs/bullmq/worker-failure.js';

const crossed = (error: unknown) => {
  const failure = readFailure(failureText(error), 'clean of cnn on test');
  return 'error' in failure ? failure.error : failure;
};

describe('a failure of a worker', () => {
  it('is what was thrown there', () => {
    const error = new AssayError('data-invalid', 'a label is no class', {
      file: 'a.npz',
      hint: 'correct it',
    });
    const arrived = crossed(error) as AssayError;
    expect([arrived.code, arrived.explain()]).toEqual([error.code, error.explain()]);
    // What is no error of ours is taken for one of a measurement here as there.
    expect(crossed(new TypeError('x is not a function'))).toEqual(new Error('x is not a function'));
  });

  it('does not end the run where a worker was interrupted', () => {
    expect(crossed(new AssayError('interrupted', 'stopped'))).toMatchObject({ code: 'suite-failed' });
  });

  it.each([
    ['job stalled more than allowable limit', 'queue-failed', /fell silent, twice/],
    ['Unexpected exit code: null signal: SIGKILL', 'engine-failed', /ended/],
    ['{"message":7}', 'queue-failed', /a worker failed/],
    [`{"message":"${'x'.repeat(70_000)}"}`, 'queue-failed', /a worker failed/],
  ])('explains %.40s', (reason, code, message) => {
    const failure = readFailure(reason, 'clean of cnn on test');
    expect(failure).toMatchObject({
      error: { code, message: expect.stringMatching(message), details: { path: 'clean of cnn on test' } },
    });
  });
});
