// @module-tag slow
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { assay, cramped, folder, obeyed, start } from './assay.js';
import { ATTACK, project, unitFiles } from './project.js';

const GATES = [
  { measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 },
  { measure: 'accuracy', where: { model: 'flat' }, min: 1.1 },
];
const LONG = { attack: { ...ATTACK, steps: 50_000, checks: false } };

/** A run of accuracy, one of whose gates fails. */
const at = mkdtempSync(join(tmpdir(), 'assay-reporters-'));
beforeAll(async () => {
  project(at, { suites: ['accuracy'], gates: GATES }, 12);
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 1 });
});
afterAll(() => rmSync(at, { recursive: true }));

/** The line of the second gate in the run file. */
const lineOfSecond = () => {
  const lines = readFileSync(join(at, 'small.run.yaml'), 'utf8').split('\n');
  return lines.findLastIndex((line) => line.includes('- measure: accuracy')) + 1;
};

describe('reporters of assay gate', () => {
  it('write to standard output, and the table goes', async () => {
    const { code, stdout } = await obeyed(['gate', 'out', '--reporter', 'junit'], at);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^<\?xml.*<\/testsuites>\n$/s)]);
    expect(await obeyed(['gate', 'out', '--json'], at)).toEqual(
      await obeyed(['gate', 'out', '--reporter', 'json'], at),
    );
  });

  it('write files, several at once, beside the table', async () => {
    const files = {
      junit: 'made/here/assay.xml',
      sarif: 'assay.sarif',
      badge: 'badge.json',
      markdown: 'c.md',
    };
    const flags = Object.entries(files).flatMap(([name, file]) => [
      '--reporter',
      name,
      '--outputFile',
      `${name}=${file}`,
    ]);
    const { code, stdout } = await obeyed(['gate', 'out', ...flags], at);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^ +value.*1 of 2 gates failed\n$/s)]);
    const read = (name: keyof typeof files) => readFileSync(join(at, files[name]), 'utf8');
    expect(read('junit')).toContain('tests="2" failures="1" errors="0"');
    expect(JSON.parse(read('badge'))).toMatchObject({ message: '1 of 2 gates failed' });
    expect(read('markdown')).toContain('## ❌ Assay: 1 of 2 gates failed');
    const [result] = JSON.parse(read('sarif')).runs[0].results;
    expect(result.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'small.run.yaml', uriBaseId: '%SRCROOT%' },
      region: { startLine: lineOfSecond() },
    });
  });

  it('know the line in a file of gates, in YAML and in JSON, whatever its order', async () => {
    const [first, second] = GATES;
    writeFileSync(join(at, 'gates.yaml'), `# mine\n${stringify({ gates: [second, first] })}`);
    writeFileSync(join(at, 'gates.json'), JSON.stringify({ gates: [first, second] }, null, 2));
    for (const [file, line] of [
      ['gates.yaml', 3],
      ['gates.json', 10],
    ] as const) {
      const { stdout } = await obeyed(['gate', 'out', '--gates', file, '--reporter', 'sarif'], at);
      expect(JSON.parse(stdout).runs[0].results[0].locations[0].physicalLocation).toEqual({
        artifactLocation: { uri: file, uriBaseId: '%SRCROOT%' },
        region: { startLine: line },
      });
    }
  });

  const refused: [string[], RegExp][] = [
    [['--reporter', 'junti'], /error\[unknown-name\].*did you mean "junit"/s],
    [
      ['--outputFile', 'x.xml'],
      /config-invalid.*belongs to no reporter.*--reporter junit --outputFile x\.xml/s,
    ],
    [['--reporter', 'junit', '--outputFile', 'sarif=x'], /belongs to no reporter.*--outputFile junit=FILE/s],
    [['--reporter', 'junit', '--reporter', 'sarif'], /standard output.*--outputFile sarif=FILE/s],
    [['--reporter', 'junit', '--outputFile', 'out'], /error\[output-unwritable\].*in +out\n/s],
  ];
  it.each(refused)('%j is refused', async (flags, says) => {
    expect(await obeyed(['gate', 'out', ...flags], at)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(says),
    });
  });
});

describe('on GitHub Actions', () => {
  const github = (workspace: string) => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_STEP_SUMMARY: join(at, 'summary.md'),
  });

  it('failed gates are annotations from the root of the repository, and the step has a summary', async () => {
    writeFileSync(join(at, 'summary.md'), 'of the step before\n');
    const { code, stdout, stderr } = await assay(['gate', 'out', '--json'], at, github(join(at, '..')));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(2);
    const place = `${at.split('/').at(-1)}/small.run.yaml,line=${lineOfSecond()}`;
    expect(stderr).toBe(
      `::error file=${place},title=Gate failed%3A accuracy (model flat) at least 1.1::measured 100.0%25 [75.8, 100.0], limit ≥ 110.0%25\n`,
    );
    expect(readFileSync(join(at, 'summary.md'), 'utf8')).toMatch(
      /^of the step before\n<!-- assay -->\n## ❌ Assay: 1 of 2 gates failed\n/,
    );
  });

  it('an error is one too, and names in it begin no command', async () => {
    const name = 'a\n::error::forged ##[error]x.yaml';
    const { code, stderr } = await assay(['run', name, '--out', 'new'], at, github(at));
    expect(code).toBe(2);
    const commands = stderr.split('\n').filter((line) => /^\s*::|##\[/.test(line));
    expect(commands).toEqual([expect.stringMatching(/^::error title=Assay%3A file-unreadable::error\[/)]);
  });

  it('a summary that cannot be written changes no verdict', async () => {
    const env = { ...github(at), GITHUB_STEP_SUMMARY: join(at, 'no', 'such', 'folder') };
    expect(await assay(['gate', 'out'], at, env)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\n::warning title=Assay%3A no step summary::ENOENT/),
    });
  });
});

describe('the file of a reporter', () => {
  const flags = ['--reporter', 'junit', '--outputFile', 'assay.xml'];
  /** A place with what an earlier command left. */
  const place = (more: object, n = 12) => {
    const made = folder();
    project(made, { suites: ['accuracy'], gates: GATES, ...more }, n);
    writeFileSync(join(made, 'assay.xml'), 'green, of yesterday');
    return { made, file: join(made, 'assay.xml') };
  };
  const leftovers = (made: string) => readdirSync(made).filter((name) => name.includes('.tmp'));

  it('is whole after assay run, also where nothing was new', async () => {
    const { made, file } = place({});
    for (const _ of ['first', 'again']) {
      expect(await obeyed(['run', 'small.run.yaml', '--out', 'out', ...flags], made)).toMatchObject({
        code: 1,
      });
      expect(readFileSync(file, 'utf8')).toMatch(/tests="2" failures="1" errors="0".*<\/testsuites>\n$/s);
    }
  });

  it('says so where something could not be measured, which is 2', async () => {
    // There are no OOD images.
    const { made, file } = place({ datasets: { test: { path: './test.npz' } }, suites: ['accuracy', 'ood'] });
    const ended = await obeyed(['run', 'small.run.yaml', '--out', 'out', ...flags], made);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('error[not-measured]')]);
    expect(readFileSync(file, 'utf8')).toMatch(/tests="3" failures="2" errors="1"/);
    // Whoever allows that is not shown an error that the exit code does not know.
    expect(await obeyed(['gate', 'out', '--allow-partial', ...flags], made)).toMatchObject({ code: 1 });
    expect(readFileSync(file, 'utf8')).toMatch(/tests="2" failures="1" errors="0"/);
  });

  it.each([
    ['there is no run file', ['run', 'absent.yaml']],
    ['there are no results', ['gate', 'absent']],
  ])('is absent where %s', async (_, args) => {
    const { made, file } = place({});
    expect(await obeyed([...args, ...flags], made)).toMatchObject({ code: 2 });
    expect(existsSync(file)).toBe(false);
  });

  it('is absent where a thread runs out of memory, which is 2', async () => {
    const { made, file } = place({ plugins: ['./hog.mjs'], suites: ['accuracy', 'hog'] });
    writeFileSync(
      join(made, 'hog.mjs'),
      `import { isMainThread } from 'node:worker_threads';
      import { defineSuite, Type } from 'assay';
      const hog = [];
      while (!isMainThread) hog.push(new Array(1e6).fill({}));
      export const suite = defineSuite({ name: 'hog', title: 'Hog', description: '', options: Type.Object({}), needs: [],
        plan: () => [], summarise: () => ({ measures: [] }) });`,
    );
    const ended = await assay(['run', 'small.run.yaml', '--out', 'out', ...flags], made, {
      NODE_OPTIONS: '--max-old-space-size=200',
    });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('error[suite-failed]')]);
    expect([existsSync(file), leftovers(made)]).toEqual([false, []]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('is absent or whole after %s', async (signal) => {
    const { made, file } = place({ suites: ['accuracy', LONG] });
    const out = join(made, 'out');
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out', ...flags], made);
    while (child.exitCode === null && (!existsSync(join(out, 'units')) || unitFiles(out).length < 2))
      await sleep(5);
    child.kill(signal);
    const { code } = await ended;
    if (signal === 'SIGKILL') expect([code, existsSync(file)]).toEqual([null, false]);
    else {
      expect(code).toBe(130);
      expect(readFileSync(file, 'utf8')).toMatch(/failures="2" errors="1".*<\/testsuites>\n$/s);
    }
    expect(leftovers(made)).toEqual([]);
  });

  it('is absent where it cannot be written whole, which is 2', async () => {
    // Some 20 KiB of gates; files may have 8.
    const many = Array.from({ length: 100 }, (_, i) => ({ ...GATES[0], min: i / 1000 }));
    writeFileSync(join(at, 'many.yaml'), stringify({ gates: many }));
    writeFileSync(join(at, 'assay.xml'), 'green, of yesterday');
    const ended = await cramped(['gate', 'out', '--gates', 'many.yaml', ...flags], at, 8);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('error[output-unwritable]') });
    expect([existsSync(join(at, 'assay.xml')), leftovers(at)]).toEqual([false, []]);
  });

  it('of assay score tells the lines of its gates', async () => {
    const made = folder();
    mkdirSync(join(made, 'p'));
    writeFileSync(join(made, 'p', 'l.csv'), 'a,b\n2,0\n0,2\n2,0\n0,2\n');
    writeFileSync(join(made, 'p', 'y.csv'), 'label\n0\n1\n1\n1\n');
    writeFileSync(
      join(made, 'g.yaml'),
      'gates:\n  - { measure: accuracy, min: 0.1 }\n  - { measure: accuracy, min: 0.9 }\n',
    );
    const { code, stdout } = await assay(
      [
        'score',
        '-l',
        'p/l.csv',
        '-y',
        'p/y.csv',
        '--gates',
        'g.yaml',
        '-o',
        'out',
        '--reporter',
        'sarif',
        '-q',
      ],
      made,
    );
    expect(code).toBe(1);
    const { results } = JSON.parse(stdout).runs[0];
    expect(results).toHaveLength(1);
    expect(results[0].locations[0].physicalLocation.region.startLine).toBe(3);
  });
});
