// @module-tag slow
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder, obeyed, type Started, start } from './assay.js';
import { ATTACK, project, savedResults, unitFiles } from './project.js';

const suites = ['accuracy', { ood: { resamples: 100 } }, { attack: { ...ATTACK, steps: 40 } }];
/** Units that a process has in flight. */
const LANES = 2;

let alone: string;
let whole: ReturnType<typeof savedResults>;
let due: string[];

beforeAll(async () => {
  alone = mkdtempSync(join(tmpdir(), 'assay-e2e-'));
  project(alone, { suites });
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], alone)).toMatchObject({ code: 0 });
  whole = savedResults(join(alone, 'out'));
  due = unitFiles(join(alone, 'out'));
});
afterAll(() => rmSync(alone, { recursive: true }));

const unitsIn = (out: string) => (existsSync(join(out, 'units')) ? unitFiles(out).length : 0);

/** Units that processes say they measured. */
const measuredBy = (told: readonly { stdout: string }[]) =>
  told.reduce((sum, { stdout }) => sum + Number(/(\d+) units? measured\./.exec(stdout)?.[1] ?? 0), 0);

/** What happens to one of several processes when so many units are there. */
type Disturbance = (one: Started) => Promise<unknown> | undefined;

interface Case {
  what: string;
  /** One a process. */
  processes: readonly (Disturbance | undefined)[];
}

const kill: Disturbance = ({ child }) => {
  child.kill('SIGKILL');
  return undefined;
};

const interrupt: Disturbance = ({ child }) => {
  child.kill('SIGINT');
  return undefined;
};

const holdUp: Disturbance = async ({ child }) => {
  child.kill('SIGSTOP');
  await sleep(500);
  child.kill('SIGCONT');
};

const undisturbed = undefined;
const cases: Case[] = [{ what: 'two, one of which is killed', processes: [undisturbed, kill] }];
const longCases: Case[] = [
  { what: 'two', processes: [undisturbed, undisturbed] },
  { what: 'three, one of which is killed, and one held up', processes: [undisturbed, kill, holdUp] },
  { what: 'four', processes: [undisturbed, undisturbed, undisturbed, undisturbed] },
  { what: 'two, one of which is interrupted', processes: [undisturbed, interrupt] },
  { what: 'five, most of which are killed', processes: [undisturbed, kill, kill, kill, kill] },
  { what: 'three that are held up', processes: [holdUp, holdUp, holdUp] },
];

describe('one run folder', () => {
  const all = process.env.ASSAY_LONG ? [...cases, ...longCases] : cases;
  it.each(all)('is shared by $what: no unit is measured twice', { tags: ['long'] }, async ({ processes }) => {
    const at = folder();
    const out = join(at, 'out');
    project(at, { suites });
    const started = processes.map(() => start(['run', 'small.run.yaml', '--out', 'out'], at));
    while (unitsIn(out) < 2) await sleep(2);
    await Promise.all(started.map((one, i) => processes[i]?.(one)));
    const seen = unitsIn(out);
    const ended = await Promise.all(started.map((one) => one.ended));
    expect(unitFiles(out)).toEqual(due);
    expect(savedResults(out)).toEqual(whole);
    expect(existsSync(join(out, 'claims'))).toBe(false);
    const killed = ended.filter(({ signal }) => signal === 'SIGKILL');
    const measured = measuredBy(ended);
    expect(measured).toBeLessThanOrEqual(due.length);
    // What the killed ones have measured, they cannot say any more; what they had in flight, others have measured.
    if (killed.length > 0) expect(measured).toBeGreaterThanOrEqual(due.length - seen - killed.length * LANES);
    else expect(measured).toBe(due.length);
    for (const [i, { code }] of ended.entries())
      if (processes[i] === undisturbed || processes[i] === holdUp) expect(code).toBe(0);
  });
});
