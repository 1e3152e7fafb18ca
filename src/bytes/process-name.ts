import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { lives } from './leftovers.js';

/** What a system without /proc does not tell. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/**
 * Where the number of a process means something: this machine since it was started, or this container of it, which
 * often has the same name as others. Hashed, since names of machines are none of a reader's business.
 */
const PLACE = createHash('sha256')
  .update(hostname())
  .update(orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')))
  .update(orNothing(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/** Letter of the state, and ticks from the start of the machine to that of the process; undefined where none is told. */
function factsOf(pid: number): { state: string; began: string } | undefined {
  const text = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the name of the program in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.length > 19 ? { state: fields[0]!, began: fields[19]! } : undefined;
}

/** `PLACE-NUMBER-BEGAN`: numbers are given again, to a process that began at another time. */
export const processName = `${PLACE}-${process.pid}-${factsOf(process.pid)?.began ?? 0}`;

const PATTERN = /^([0-9a-f]{12})-(\d+)-(\d+)/;

/** Whether the process of that name has certainly ended. Of processes elsewhere nothing is certain. */
export function hasEnded(name: string): boolean {
  const [, place, number, began] = PATTERN.exec(name) ?? [];
  if (place !== PLACE) return false;
  if (!lives(Number(number))) return true;
  const facts = factsOf(Number(number));
  // A zombie has ended; who started it has not looked yet.
  return facts !== undefined && (facts.began !== began || 'ZX'.includes(facts.state));
}
