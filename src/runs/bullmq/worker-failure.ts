import { Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError, type ErrorCode, type ErrorRecord, recordError } from '../../errors.js';
import { UnitLost } from '../rows/collect.js';

/*
 * What goes wrong on a worker, as text: BullMQ keeps no more of an error than its message.
 */

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));

const Failure = Type.Object({
  /** The unit whose rows are not there. */
  lost: text(100),
  code: text(100),
  message: Type.String({ maxLength: 10_000 }),
  expected: text(10_000),
  found: text(10_000),
  file: text(10_000),
  path: text(10_000),
  hint: text(10_000),
});

/** Why a worker ends a unit: it is in the queue no more, whose run has ended. */
export const TAKEN_BACK = 'the run has ended';

/** The longest text that is put into, or read from, a queue. */
const LONGEST = 60_000;

export function failureText(error: unknown): string {
  const { message, code, details = {} }: ErrorRecord = recordError(error);
  const { cause: _, also: __, ...told } = details;
  const short = (value: unknown) => (typeof value === 'string' ? value.slice(0, 5000) : undefined);
  const fields = Object.fromEntries(Object.entries(told).map(([name, value]) => [name, short(value)]));
  const lost = error instanceof UnitLost ? error.unit.key : undefined;
  return JSON.stringify({ ...fields, message: short(message), code, lost });
}

/** What became of a unit that was not measured. */
export type WorkerFailure = { lost: string } | { error: Error };

/** @param reason what BullMQ tells: of ours, or of its own */
export function readFailure(reason: string, at: string): WorkerFailure {
  const said = parsed(reason);
  if (said?.lost !== undefined) return { lost: said.lost };
  if (said) {
    const { message, code, lost: _, ...details } = said;
    // What is no error of ours is told as if it had been thrown here.
    if (code === undefined) return { error: new Error(message) };
    // A worker that ends is no reason for a run to.
    const known = code === 'interrupted' ? 'suite-failed' : (code as ErrorCode);
    return { error: new AssayError(known, message, details) };
  }
  const row = rows.find((one) => one.said.test(reason));
  return {
    error: new AssayError(row?.code ?? 'queue-failed', row?.message ?? 'a worker failed', {
      path: at,
      found: reason.slice(0, 1000),
      hint: row?.hint ?? 'look into the output of the workers',
    }),
  };
}

function parsed(reason: string) {
  if (reason.length > LONGEST) return undefined;
  try {
    return check(Failure, JSON.parse(reason), { what: 'failure' });
  } catch {
    return undefined;
  }
}

const rows: readonly { said: RegExp; code: ErrorCode; message: string; hint: string }[] = [
  {
    // BullMQ has tried it elsewhere already.
    code: 'queue-failed',
    said: /stalled more than allowable/,
    message: 'the workers that measured this unit fell silent, twice',
    hint: 'did they run out of memory? Start workers with a smaller --concurrency, or on larger machines; a unit that stops its worker for long needs a longer --lease',
  },
  {
    code: 'engine-failed',
    said: /Unexpected exit code|exited before/,
    message: 'the process that measured this unit ended',
    hint: 'SIGKILL is what the system does when memory runs out: start workers with a smaller --concurrency, or on larger machines',
  },
];
