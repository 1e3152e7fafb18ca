import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderClaims } from '../../src/bytes/claims.js';
import { processName } from '../../src/bytes/process-name.js';
import { folder } from '../e2e/assay.js';

async function claimsIn(out: string): Promise<FolderClaims> {
  const claims = await FolderClaims.open(out);
  onTestFinished(() => claims.close());
  return claims;
}

const [place, pid, began] = processName.split('-');
const ended = spawnSync('true').pid;

/** Names of owners, and whether what they claim is taken from them. `silent`: seconds since they were heard of. */
const owners: [string, { owner: string; silent: number; stolen: boolean }][] = [
  ['this process', { owner: processName, silent: 0, stolen: false }],
  ['a process that has ended', { owner: `${place}-${ended}-${began}`, silent: 0, stolen: true }],
  [
    'one whose number was given again',
    { owner: `${place}-${pid}-${Number(began) + 1}`, silent: 0, stolen: true },
  ],
  ['one that does not get on', { owner: processName, silent: 100, stolen: true }],
  ['one elsewhere', { owner: `0123456789ab-${ended}-5`, silent: 30, stolen: false }],
  ['one elsewhere that is silent', { owner: `0123456789ab-${pid}-5`, silent: 100, stolen: true }],
];

/** What a process leaves that has claimed something and was heard of so many seconds ago. */
function claimed(out: string, owner: string, silent: number, text = `${owner}-0a0a0a0a`): void {
  mkdirSync(join(out, 'claims'), { recursive: true });
  const at = Date.now() / 1000 - silent;
  for (const [name, content] of [
    ['unit.0.claim', text],
    [`${owner}-0a0a0a0a.owner`, `${owner}-0a0a0a0a`],
  ] as const) {
    writeFileSync(join(out, 'claims', name), content);
    utimesSync(join(out, 'claims', name), at, at);
  }
}

describe('claims', () => {
  it('are given to one of many that ask at once, and again when that is done', async () => {
    const out = folder();
    const all = await Promise.all(Array.from({ length: 8 }, () => claimsIn(out)));
    for (let round = 0; round < 5; round++) {
      const given = (await Promise.all(all.map((one) => one.take('unit')))).filter((one) => one);
      expect(given).toHaveLength(1);
      await given[0]?.release();
    }
    expect(await all[0]!.take('unit')).toBeDefined();
    expect(await all[1]!.take('other')).toBeDefined();
  });

  it.each(owners)('of %s', async (_, { owner, silent, stolen }) => {
    const out = folder();
    claimed(out, owner, silent);
    const all = await Promise.all(Array.from({ length: 4 }, () => claimsIn(out)));
    const given = (await Promise.all(all.map((one) => one.take('unit')))).filter((one) => one);
    // By one of those that find out at once.
    expect(given).toHaveLength(stolen ? 1 : 0);
    await given[0]?.release();
    if (stolen)
      expect(readdirSync(join(out, 'claims')).filter((name) => name.endsWith('.claim'))).toEqual([]);
  });

  it.each([
    ['made just now', 0, false],
    ['left half', 100, true],
  ])('that say nothing, %s', async (_, silent, stolen) => {
    const out = folder();
    claimed(out, '0123456789ab-1-5', silent, '');
    expect((await (await claimsIn(out)).take('unit')) !== undefined).toBe(stolen);
  });

  it('that were stolen are the thief’s: who comes back leaves them alone', async () => {
    const out = folder();
    const patient = await claimsIn(out);
    const paused = await FolderClaims.open(out, { everyMs: 1e6 });
    onTestFinished(() => paused.close());
    const mine = await paused.take('unit');
    const at = Date.now() / 1000 - 100;
    for (const name of readdirSync(join(out, 'claims')).filter((one) => one.endsWith('.owner')))
      utimesSync(join(out, 'claims', name), at, at);
    const theirs = await patient.take('unit');
    expect(theirs).toBeDefined();
    await mine?.release();
    const held = () => readdirSync(join(out, 'claims')).filter((name) => name.endsWith('.claim'));
    expect(held()).toEqual(['unit.1.claim']);
    await theirs?.release();
    expect(held()).toEqual([]);
  });

  it('leave nothing behind, not even of the dead, but what others hold', async () => {
    const out = folder();
    claimed(out, `${place}-${ended}-5`, 0);
    const [a, b] = [await FolderClaims.open(out), await FolderClaims.open(out)];
    await a.take('held');
    await b.close();
    expect(readdirSync(join(out, 'claims')).filter((name) => name.endsWith('.claim'))).toEqual([
      'held.0.claim',
    ]);
    await a.close();
    expect(existsSync(join(out, 'claims'))).toBe(false);
  });

  it('that were stolen stay theirs who stole them when another tidies up what the dead left', async () => {
    const out = folder();
    claimed(out, `${place}-${ended}-5`, 0);
    const [thief, third] = [await claimsIn(out), await claimsIn(out)];
    const held = await thief.take('unit');
    await (await FolderClaims.open(out)).close();
    expect(await third.take('unit')).toBeUndefined();
    await held?.release();
    expect(await third.take('unit')).toBeDefined();
  });

  it('are granted where the folder is gone, or cannot be made', async () => {
    const out = folder();
    const claims = await claimsIn(out);
    rmSync(join(out, 'claims'), { recursive: true });
    expect(await claims.take('unit')).toBeDefined();
    expect(existsSync(join(out, 'claims/unit.0.claim'))).toBe(true);
    const other = folder();
    writeFileSync(join(other, 'claims'), '');
    const told: string[] = [];
    const none = await FolderClaims.open(other, {}, (text) => told.push(text));
    onTestFinished(() => none.close());
    const granted = [await none.take('unit'), await none.take('other')];
    for (const one of granted) await one?.release();
    expect(granted).toEqual([expect.anything(), expect.anything()]);
    expect(told).toEqual([expect.stringMatching(/^no claims can be made in .*claims \(ENOTDIR\): other/)]);
  });
});
