import { AssayError, inOneLine } from '../errors.js';

/** What cannot be measured of a system, such as a score, and why. */
export interface Refusal {
  what: string;
  reason: string;
}

/** What a system was refused. */
export interface SystemRefusal extends Refusal {
  system: string;
}

/**
 * Thrown by a measurement that data or options make impossible for a system, whatever is tried: a fit to a class without
 * images. It is stored in place of rows, what reads these rows is refused for the same reason, and suites do without:
 * they are given none, and the runner reports it as not applicable. All else of the run goes on.
 */
export class Refused extends AssayError {
  constructor(readonly refusal: Refusal) {
    super('not-measured', `${refusal.what} cannot be measured: ${refusal.reason}`);
  }
}

/** Codes of what data and options are to blame for. Others are faults of a program, or of a unit that is to be read again. */
const REFUSALS: readonly string[] = ['data-invalid', 'config-invalid'];

/** Does a part of a measurement that data or options may make impossible. Errors: `Refused` where they do. */
export async function refusing<T>(what: string, part: () => T | Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (error) {
    throw new Refused(refusalOf(what, error));
  }
}

/** An error as a refusal. Errors: the error itself, where neither data nor options are to blame for it. */
export function refusalOf(what: string, error: unknown): Refusal {
  if (!(error instanceof AssayError) || !REFUSALS.includes(error.code)) throw error;
  return { what, reason: inOneLine(error) };
}
