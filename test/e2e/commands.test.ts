import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeOnnx } from '../../src/graph/write.js';
import { assay, folder, obeyed, start } from './assay.js';
import { network, project } from './project.js';

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

describe('the command line', () => {
  const at = folder;
  const told: [string[], number, RegExp][] = [
    [['--help'], 0, /run .*score .*report .*table .*gate .*inspect .*explain .*doctor .*init .*Exit code/s],
    [['--version'], 0, new RegExp(`^${manifest.version.replaceAll('.', '\\.')}\n$`)],
    ...[
      'run',
      'score',
      'report',
      'figures',
      'table',
      'gate',
      'export',
      'compare',
      'history',
      'audit',
      'verify',
      'inspect',
      'explain',
      'doctor',
      'init',
      'completion',
      'build-addon',
    ].map((name): [string[], number, RegExp] => [
      [name, '--help'],
      0,
      new RegExp(`Usage: assay ${name}.*Example.*\\$ assay ${name}`, 's'),
    ]),
  ];
  it.each(told)('%j tells', async (args, code, says) => {
    expect(await obeyed(args, '.')).toMatchObject({ code, stderr: '', stdout: expect.stringMatching(says) });
  });

  const refused: [string[], RegExp][] = [
    [['rnu'], /unknown command.*Did you mean run/s],
    [['run'], /missing required argument 'file'/],
    [['run', 'a', 'b'], /too many arguments/],
    [['run', 'a.yaml', '--limt', '3'], /unknown option.*Did you mean --limit/s],
    [['run', 'a.yaml', '--limit', '0'], /whole number of at least 1/],
    [['run', 'a.yaml', '--seed', '4294967296'], /from 0 to 4294967295/],
    [['run', 'a.yaml', '--engine', 'torch'], /Allowed choices are ort, tfjs/],
  ];
  it.each(refused)('%j is refused with 2', async (args, says) => {
    expect(await obeyed(args, '.')).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
  it('and the real command tells both', async () => {
    // Nor does V8 complain of what it is asked for (`tiering.ts`).
    expect(await assay(['--version'], '.')).toMatchObject({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    });
    const [args, says] = refused[0]!;
    expect(await assay(args, '.')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(says),
    });
  });

  it('doctor finds what runs need', async () => {
    const { code, stdout } = await assay(['doctor', '--json'], at());
    const findings: { what: string; state: string; found: string; hint?: string }[] = JSON.parse(stdout);
    expect(code).toBe(0);
    const states = Object.fromEntries(findings.map(({ what, state }) => [what, state]));
    expect(states).toMatchObject({ assay: 'ok', node: 'ok', cores: 'ok', memory: 'ok', onnxruntime: 'ok' });
    // What is optional is named, whether or not it is there.
    for (const optional of ['tfjs', 'queue', 's3']) expect(states[optional]).toMatch(/^(ok|absent)$/);
    for (const { state, hint } of findings) if (state !== 'ok') expect(hint).toMatch(/\S/);
    for (const device of ['ort webgpu', 'ort cuda']) expect(states[device]).toMatch(/^(ok|absent)$/);
    expect((await obeyed(['doctor'], at())).stdout).toMatch(/^ok +onnxruntime +\d.*sessions? of \d+ thread/m);
  });

  it.skipIf(process.platform !== 'linux')(
    'a run on a device that is not there ends with 2 and a remedy',
    async () => {
      const place = at();
      project(place);
      // Vulkan finds no driver, whatever the machine has.
      const args = ['run', 'small.run.yaml', '--out', 'out', '--device', 'webgpu'];
      const ended = await start(args, place, { VK_ICD_FILENAMES: '/nowhere.json' }).ended;
      expect(ended).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/error\[engine-failed\].*"webgpu" cannot be used: .*fix .*libvulkan1/s),
      });
    },
  );

  it('inspect tells operators, parameters, ports, gradients, and a card', async () => {
    const place = at();
    project(place);
    const { code, stdout } = await obeyed(['inspect', 'sharp.onnx'], place);
    expect(code).toBe(0);
    for (const says of [
      /MatMul ×1/,
      /parameters +108/,
      /image float32 \[N, 1, 6, 6\]/,
      /logits float32 \[N, 3\]/,
      /gradient +available/,
      /classes: 3/,
    ])
      expect(stdout).toMatch(says);
    const byCard = await obeyed(['inspect', 'sharp.model.yaml', '--json'], place);
    expect(JSON.parse(byCard.stdout)).toMatchObject({
      parameters: 108,
      gradient: { available: true, missing: [] },
    });
  });

  it('inspect names the operator that has no gradient', async () => {
    const place = at();
    const head = (
      b: Parameters<NonNullable<NonNullable<Parameters<typeof network>[0]>['head']>>[0],
      logits: string,
    ) => b.outputAs(b.op('Det', [b.op('Unsqueeze', [logits, b.ints([1])])]), 'out', 'float32', ['N']);
    writeFileSync(join(place, 'odd.onnx'), writeOnnx(network({ head })));
    const { code, stdout } = await obeyed(['inspect', 'odd.onnx'], place);
    expect(code).toBe(0);
    expect(stdout).toMatch(/gradient +not available.*no rule for Det, at node "Det_node/s);
  });
});

describe('assay init', () => {
  it('writes a card and a run file that run as they are, once there are data', async () => {
    const place = folder();
    project(place);
    const { code, stdout } = await obeyed(['init', 'mine', '--checkpoint', 'sharp.onnx'], place);
    expect(code).toBe(0);
    expect(stdout).toContain('assay run mine/sharp.run.yaml');
    const card = readFileSync(join(place, 'mine/sharp.model.yaml'), 'utf8');
    expect(parse(card)).toMatchObject({
      name: 'sharp',
      checkpoint: '../sharp.onnx',
      classes: 3,
      input: { shape: [1, 6, 6] },
    });
    expect(card).toMatch(/^# - .*input\.range/m);
    renameSync(join(place, 'test.npz'), join(place, 'mine/test.npz'));
    expect(await obeyed(['run', 'mine/sharp.run.yaml', '--limit', '12'], place)).toMatchObject({ code: 0 });
  });

  it('lets no name of a checkpoint add lines to the card', async () => {
    const place = folder();
    const head: NonNullable<NonNullable<Parameters<typeof network>[0]>['head']> = (b, logits) => {
      b.outputAs(logits, 'a\nsha256: forged\u2028name: b', 'float32', ['N', 3]);
      b.outputAs(b.op('ReduceSum', [logits, b.ints([1])]), 'e\nenergy: none', 'float32', ['N', 1]);
    };
    writeFileSync(join(place, 'odd\nclasses: 9.onnx'), writeOnnx(network({ head })));
    expect(await obeyed(['init', '--checkpoint', 'odd\nclasses: 9.onnx'], place)).toMatchObject({ code: 0 });
    const text = readFileSync(join(place, 'odd-classes-9.model.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      name: 'odd-classes-9',
      classes: 3,
      outputs: { logits: 'a\nsha256: forged\u2028name: b' },
      energy: { output: 'e\nenergy: none' },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(text).toContain('# Read off odd\\nclasses: 9.onnx');
    const { stdout } = await obeyed(['inspect', 'odd\nclasses: 9.onnx'], place);
    expect(stdout).toMatch(/^output +a\\nsha256: forged\\u2028name: b float32/m);
    expect(stdout).not.toMatch(/^(classes: 9|energy: none|sha256: forged)/m);
  });

  it('writes files to fill in where there is no checkpoint, and overwrites nothing', async () => {
    const place = folder();
    expect(await obeyed(['init'], place)).toMatchObject({ code: 0 });
    const files = readdirSync(place).sort();
    expect(files).toEqual(['my-model.model.yaml', 'my-model.run.yaml']);
    for (const file of files)
      expect(parse(readFileSync(join(place, file), 'utf8'))).toMatchObject({ name: 'my-model' });
    const again = await obeyed(['init'], place);
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/exists already.*my-model\.model\.yaml/s),
    });
    mkdirSync(join(place, 'other'));
    expect(await obeyed(['init', 'other'], place)).toMatchObject({ code: 0 });
  });
});
