import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { writeOnnx } from '../../src/graph/write.js';
import { boxText, type Exact, graphOf } from '../verification/exact.js';
import { assay, folder, obeyed } from './assay.js';

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
  expect(files(at)).toEqual(['0000_net_sat.counterexample', 'results.csv']);
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
  ['', /holds no instances/],
  ['onnx,vnnlib,timeout', /line 1\n.*expected NETWORK/],
  ['net.onnx,sat.vnnlib', /line 1/],
  ['net.onnx,sat.vnnlib,60\nnet.onnx,sat.vnnlib,-1', /line 2/],
  ['net.onnx,sat.vnnlib,1e999', /line 1/],
  ['"net.onnx', /no CSV/],
])('a list %j is refused', async (line, says) => {
  const ended = await obeyed(['verify', 'instances.csv'], category([line]));
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(says)]);
});

it('nothing outside of a confined folder is read', async () => {
  const at = category(['../elsewhere.onnx,sat.vnnlib,60', 'net.onnx,/etc/passwd,60']);
  const ended = await assay(['verify', 'instances.csv', '--out', 'out', '--confine', '.'], at);
  expect(ended.code).toBe(2);
  expect(ended.stdout).toMatch(/2 instances: 2 error/);
  expect(ended.stderr).toMatch(/outside/);
});
