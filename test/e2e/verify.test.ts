// @module-tag slow
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../src/graph/write.js';
import { keyOf } from '../../src/runs/folder/keys.js';
import { boxText, type Exact, graphOf } from '../verification/exact.js';
import { assay, folder, obeyed, start } from './assay.js';

/** y = |x| of the first input. */
const ABSOLUTE: Exact = {
  w: [
    [1, 0],
    [-1, 0],
  ],
  b: [0, 0],
  v: [[1, 1]],
  c: [0],
};
const property = (condition: string) =>
  `${boxText({ lower: [-1, 0], upper: [0.5, 1] }, 1)}(assert ${condition})\n`;

function category(lines: readonly string[]): string {
  const at = folder();
  writeFileSync(join(at, 'net.onnx.gz'), gzipSync(writeOnnx(graphOf(ABSOLUTE))));
  writeFileSync(join(at, 'plain.onnx'), writeOnnx(graphOf(ABSOLUTE)));
  writeFileSync(join(at, 'sat.vnnlib'), property('(>= Y_0 0.875)'));
  writeFileSync(
    join(at, 'unsat.vnnlib.gz'),
    gzipSync(property('(or (and (>= Y_0 1.125)) (and (<= Y_0 -0.125)))')),
  );
  writeFileSync(join(at, 'broken.vnnlib'), property('(not (<= Y_0 1))'));
  writeFileSync(join(at, 'instances.csv'), `${lines.join('\n')}\n`);
  return at;
}

const files = (at: string) => readdirSync(join(at, 'out')).sort();
const results = (at: string) =>
  readFileSync(join(at, 'out', 'results.csv'), 'utf8').replace(/\d+\.\d{3}/g, 'T');

it('a category runs to its results', async () => {
  const at = category([
    'net.onnx,sat.vnnlib,60',
    './net.onnx.gz,unsat.vnnlib,60',
    'plain.onnx,unsat.vnnlib.gz,60',
  ]);
  const ended = await assay(['verify', 'instances.csv', '--out', 'out', '--category', 'mine'], at);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  expect(ended.stdout).toMatch(/^sat .*net\.onnx sat\.vnnlib \(attack\)$/m);
  expect(ended.stdout).toMatch(/^3 instances: 1 sat, 2 unsat\. Results: out\/results\.csv$/m);
  expect(results(at)).toBe(
    'mine,net.onnx,sat.vnnlib,T,sat,T\nmine,./net.onnx.gz,unsat.vnnlib,T,unsat,T\nmine,plain.onnx,unsat.vnnlib.gz,T,unsat,T\n',
  );
  expect(files(at)).toEqual(['0000_net_sat.counterexample', 'instances', 'results.csv']);
  const witness = readFileSync(join(at, 'out', '0000_net_sat.counterexample'), 'utf8');
  const [, x, y] = /^sat\n\(\(X_0 (\S+)\)\n \(X_1 \S+\)\n \(Y_0 (\S+)\)\)\n$/.exec(witness) ?? [];
  expect(Number(y)).toBeGreaterThanOrEqual(0.875);
  expect(Math.abs(Number(x))).toBe(Number(y));
});

it('what is wrong with one instance is told, and the others run', async () => {
  const at = category([
    'net.onnx,broken.vnnlib,60',
    'absent.onnx,sat.vnnlib,60',
    'net.onnx,absent.vnnlib,60',
    'net.onnx,unsat.vnnlib,60',
  ]);
  const ended = await obeyed(['verify', 'instances.csv', '--out', 'out', '--category', 'mine'], at);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(
    /error\[file-malformed\]: this assertion is not understood\n.*broken\.vnnlib at line 8/,
  );
  expect(ended.stderr).toMatch(/no such file\n.*absent\.onnx/);
  expect(ended.stdout).toMatch(/4 instances: 3 error, 1 unsat/);
  expect(results(at)).toContain('mine,net.onnx,broken.vnnlib,T,error,T\n');
});

describe('a list that was run in part', () => {
  const lines = ['net.onnx,sat.vnnlib,60', 'net.onnx,unsat.vnnlib,60', 'plain.onnx,broken.vnnlib,60'];
  const verify = ['verify', 'instances.csv', '--out', 'out', '--category', 'mine'];
  const whole = (at: string) => readFileSync(join(at, 'out', 'results.csv'), 'utf8');
  const kept = (at: string) =>
    readdirSync(join(at, 'out', 'instances')).map((name) => join(at, 'out', 'instances', name));

  it('goes on: what is done is not run again, to the same results, wherever it lies and what it is called', async () => {
    const at = category(lines);
    await obeyed(verify, at);
    const before = whole(at);
    const [witness] = files(at);
    rmSync(join(at, 'out', witness!));
    renameSync(join(at, 'plain.onnx'), join(at, 'net.onnx'));
    writeFileSync(join(at, 'instances.csv'), [...lines, 'net.onnx,sat.vnnlib.gz,60'].join('\n'));
    writeFileSync(join(at, 'sat.vnnlib.gz'), gzipSync(readFileSync(join(at, 'sat.vnnlib'))));
    const ended = await obeyed([...verify, '--json'], at);
    const again = JSON.parse(ended.stdout);
    expect(again.map(({ result, earlier = false }: Record<string, unknown>) => [result, earlier])).toEqual([
      ['sat', true],
      ['unsat', true],
      ['error', false],
      ['sat', true],
    ]);
    // To the millisecond: nothing was timed anew.
    const [first, second] = before.split('\n') as [string, string];
    expect(whole(at).split('\n').slice(0, 2)).toEqual([first, second]);
    expect(existsSync(join(at, 'out', witness!))).toBe(true);
    expect(again[0].witness).toBe(join('out', witness!));
    const told = await obeyed(verify, at);
    expect(told.stdout).toMatch(/^3 of 4 instances were run before: kept in out\/instances$/m);
    expect(told.stdout).toMatch(/^4 instances: 1 error, 2 sat, 1 unsat\./m);
  });

  it.each<[string, readonly string[], (at: string) => void]>([
    ['another method', ['--method', 'crown'], () => undefined],
    ['other starts', ['--seed', '1'], () => undefined],
    ['another property', [], (at) => writeFileSync(join(at, 'sat.vnnlib'), property('(>= Y_0 0.75)'))],
    [
      'another network',
      [],
      (at) => writeFileSync(join(at, 'net.onnx'), writeOnnx(graphOf({ ...ABSOLUTE, c: [1] }))),
    ],
  ])('runs again with %s', async (_, options, change) => {
    const at = category(lines.slice(0, 1));
    await obeyed(verify, at);
    change(at);
    const ended = await obeyed([...verify, ...options], at);
    expect(ended.stdout).not.toContain('before');
    expect(kept(at)).toHaveLength(2);
  });

  it('is taken with another time limit where it would come out again: after a timeout only without more time', async () => {
    const at = category(lines.slice(1, 2));
    const timed = async (seconds: string) => {
      const ended = await obeyed([...verify, '--timeout', seconds, '--json'], at);
      const [{ result, earlier = false }] = JSON.parse(ended.stdout);
      return [result, earlier];
    };
    expect(await timed('0.000001')).toEqual(['timeout', false]);
    expect(await timed('0.000001')).toEqual(['timeout', true]);
    expect(await timed('0.0000001')).toEqual(['timeout', true]);
    expect(await timed('0.000002')).toEqual(['timeout', false]);
    expect(await timed('60')).toEqual(['unsat', false]);
    expect(await timed('61')).toEqual(['unsat', true]);
    // Less than the proof took: what was too short is known, and the proof stays.
    expect(await timed('0.000002')).toEqual(['timeout', true]);
    expect(await timed('0.000003')).toEqual(['timeout', false]);
    expect(await timed('60')).toEqual(['unsat', true]);
  });

  it('a result that was torn or changed is told, set aside and found again', async () => {
    for (const damage of [
      (text: string) => text.slice(0, -40),
      (text: string) => text.replace('"sat"', '"unsat"'),
      (text: string) => text.replace(/"inputs":"./, '"inputs":"_'),
      () => '',
    ]) {
      const at = category(lines.slice(0, 1));
      await obeyed(verify, at);
      const [file] = kept(at) as [string];
      writeFileSync(file, damage(readFileSync(file, 'utf8')));
      const ended = await obeyed(verify, at);
      expect(ended.stderr).toMatch(
        /damaged result was set aside, and its instance is run again: .*json\.aside-/,
      );
      expect(ended.stdout).toMatch(/1 instance: 1 sat/);
      expect(kept(at)).toHaveLength(2);
    }
  });

  it('Ctrl-C keeps what is there', async () => {
    const at = category([...lines.slice(0, 2), ...Array<string>(4000).fill(lines[1]!.replace('60', '61'))]);
    const started = start(verify, at);
    const done = () => existsSync(join(at, 'out', 'results.csv')) && whole(at).split('\n').length > 3;
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
    started.child.kill('SIGINT');
    const ended = await started.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toMatch(/run the same command again to continue/);
    writeFileSync(join(at, 'instances.csv'), lines.slice(0, 2).join('\n'));
    const again = await obeyed(verify, at);
    expect(again.stdout).toMatch(/^2 of 2 instances were run before/m);
  });
});

describe('results of others', () => {
  const lines = [
    'net.onnx,sat.vnnlib,60',
    './net.onnx.gz,unsat.vnnlib,60',
    'plain.onnx,broken.vnnlib,60',
    'plain.onnx,sat.vnnlib,60',
  ];
  const run = (at: string, theirs: string, ...more: string[]) => {
    writeFileSync(join(at, 'theirs.csv'), theirs);
    return obeyed(
      ['verify', 'instances.csv', '--out', 'out', '--category', 'mine', '--expected', 'theirs.csv', ...more],
      at,
    );
  };

  it('are counted', async () => {
    const at = category(lines);
    // Of another root, gzipped or not, in words of other years; and lines of other lists.
    const ended = await run(
      at,
      `mine,benchmarks/mine/./net.onnx,benchmarks/mine/sat.vnnlib,0.1,violated,1.5
mine,net.onnx,unsat.vnnlib.gz,0,run_instance_timeout,60
mine,plain.onnx,broken.vnnlib,1,unsat,2
other,elsewhere/net.onnx,some/sat.vnnlib,1,unsat,2
other,third.onnx,some/sat.vnnlib,1,unsat,2
`,
    );
    expect(ended.code).toBe(2);
    expect(ended.stdout).toContain(
      'Compared with theirs.csv: 1 agree, 1 decided here only, 1 there only, 0 by neither, 0 contradict, 1 not in it\n',
    );
    const json = await run(at, 'mine,net.onnx,unsat.vnnlib,0,holds,60\n', '--json');
    expect(JSON.parse(json.stdout)[1]).toMatchObject({ result: 'unsat', expected: 'unsat' });
  });

  it('that contradict a counterexample are wrong: it was run', async () => {
    const at = category(lines.slice(0, 2));
    const ended = await run(
      at,
      'mine,net.onnx,sat.vnnlib,0,unsat,1\nmine,net.onnx,unsat.vnnlib,0,unsat,1\n',
      '--quiet',
    );
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(
      /^contradiction: net\.onnx sat\.vnnlib is sat here, and unsat in theirs\.csv at line 1\. The counterexample settles it \(out\/0000_net_sat\.counterexample\): it was run by itself\. Theirs is wrong/,
    );
    expect(ended.stderr.match(/contradiction/g)).toHaveLength(1);
  });

  const unsat = lines.slice(1, 2);
  const theirs = 'mine,net.onnx,unsat.vnnlib,0,sat,1\n';
  it.each<[string, string | undefined, RegExp]>([
    ['none', undefined, /would settle it: no counterexample lies beside/],
    [
      'one outside of the box',
      '((X_0 -2)(X_1 0)(Y_0 2))',
      /would settle it \(.*\): it lies outside of the box/,
    ],
    [
      'one that is none',
      'sat\n((X_0 -1)\n (X_1 0)\n (Y_0 2))',
      /would settle it \(.*\): it was run, and its outputs are none/,
    ],
    ['one of another property', '((X_0 -1)(Y_0 2))', /it has 1 inputs, and the property 2/],
    ['one that is torn', '((X_0 -1)(X_1', /it cannot be read/],
    ['one that is damaged', '((X_0 -1)(X_1 1 2))', /it cannot be read/],
  ])('a proof and their counterexample: %s', async (_, text, says) => {
    const at = category(unsat);
    mkdirSync(join(at, 'mine'));
    if (text !== undefined) writeFileSync(join(at, 'mine', 'net_unsat.counterexample.gz'), gzipSync(text));
    const ended = await run(at, theirs);
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(says)]);
    expect(ended.stderr).toMatch(/is unsat here, and sat in theirs\.csv at line 1/);
  });

  it('several that contradict are a line each', async () => {
    const again = unsat.map((line) => line.replace('net.onnx', './net.onnx'));
    const ended = await run(category([...unsat, ...again]), theirs);
    expect(ended.stderr).toMatch(/^contradiction: [^\n]+\ncontradiction: [^\n]+\n$/);
  });

  it('a proof is refuted by a counterexample that holds', async () => {
    const at = category(unsat);
    writeFileSync(join(at, 'unsat.vnnlib.gz'), gzipSync(property('(>= Y_0 0.875)')));
    await run(at, theirs);
    // No proof is wrong here, so that one is written into what is kept.
    const [name] = readdirSync(join(at, 'out', 'instances'));
    const file = join(at, 'out', 'instances', name!);
    const { sha256: _, witness: __, ...record } = JSON.parse(readFileSync(file, 'utf8'));
    const forged = { ...record, result: 'unsat', by: 'crown' };
    writeFileSync(file, JSON.stringify({ ...forged, sha256: keyOf(forged) }));
    writeFileSync(join(at, '0000_net_unsat.counterexample'), 'sat\n((X_0 -1)\n (X_1 0)\n (Y_0 1))\n');
    const ended = await run(at, theirs);
    expect(ended.stdout).toMatch(/1 of 1 instance was run before/);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /Their counterexample settles it \(0000_net_unsat\.counterexample\): .*The proof here is wrong/,
    );
  });

  it.each<[string, RegExp]>([
    ['mine,net.onnx,sat.vnnlib,0,sat\n', /line 1\n.*expected CATEGORY/],
    ['mine,net.onnx,sat.vnnlib,0,sat,1\nmine,net.onnx,sat.vnnlib,0,SAFE,1\n', /line 2\n.*\n.*"SAFE"/],
    ['mine,net.onnx,sat.vnnlib,0,sat,1\nmine,net.onnx,sat.vnnlib,0,unsat,1\n', /lines 1 and 2/],
    ['mine,net.onnx,other.vnnlib,0,sat,1\n', /about none of the instances/],
    ['', /about none of the instances/],
  ])('%j are refused before anything is run', async (text, says) => {
    const at = category(lines);
    const ended = await run(at, text);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(existsSync(join(at, 'out'))).toBe(false);
  });
});

it('time ends an instance', async () => {
  const at = category(['net.onnx,unsat.vnnlib,60']);
  const ended = await obeyed(
    ['verify', 'instances.csv', '--out', 'out', '--timeout', '0.000001', '--json'],
    at,
  );
  expect([ended.code, JSON.parse(ended.stdout)]).toEqual([
    0,
    [expect.objectContaining({ result: 'timeout', onnx: 'net.onnx' })],
  ]);
});

it.each<[string, RegExp]>([
  ['', /holds no instances\n.*\n.*\n.*write such a line/],
  ['onnx,vnnlib,timeout', /line 1\n.*expected NETWORK/],
  ['net.onnx,sat.vnnlib', /line 1/],
  ['net.onnx,sat.vnnlib,60\nnet.onnx,sat.vnnlib,-1', /line 2/],
  ['net.onnx,sat.vnnlib,1e999', /line 1/],
  ['"net.onnx', /no CSV/],
])('a list %j is refused', async (line, says) => {
  const ended = await obeyed(['verify', 'instances.csv'], category([line]));
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(says)]);
});

it('a network in the place of the list is told from one', async () => {
  const ended = await obeyed(['verify', 'plain.onnx'], category(['']));
  expect([ended.code, ended.stderr]).toEqual([
    2,
    expect.stringMatching(/not text\n.*\n.*\n.*instances\.csv/),
  ]);
});

it('nothing outside of a confined folder is read', async () => {
  const at = category(['../elsewhere.onnx,sat.vnnlib,60', 'net.onnx,/etc/passwd,60']);
  const ended = await assay(['verify', 'instances.csv', '--out', 'out', '--confine', '.'], at);
  expect(ended.code).toBe(2);
  expect(ended.stdout).toMatch(/2 instances: 2 error/);
  expect(ended.stderr).toMatch(/outside/);
});
