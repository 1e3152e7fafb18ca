import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { evaluateGates } from '../../src/gate/evaluate.js';
import { annotations } from '../../src/gate/reporters/annotations.js';
import { reporters } from '../../src/gate/reporters/registry.js';
import type { Judged } from '../../src/gate/reporters/reporter.js';
import type { GateRule } from '../../src/gate/rule.js';
import type { Results } from '../../src/suites/results.js';
import { hostileNames } from '../report/run-folder.js';
import { plainNames, type SampleNames, sampleResults } from '../report/sample.js';

/** Names that begin workflow commands, end cells and lines, mention people, or are no XML. */
const ciNames: SampleNames = {
  title: '::error file=x::forged\n::warning::also\r\n`| @all | <img src=x>',
  baseline: '::set-output name=passed::true',
  robust: '100%0A::error::',
  jem: '`|\n| forged | ![x](http://x.invalid) @team ##[error]x',
  purified: ']]>\u0000\ud800\uffff<!-- a,b:c --></testcase>',
  scalar: '&#x0a;true',
};

async function judged(names: SampleNames, more: Partial<Results> = {}): Promise<Judged> {
  const sample = sampleResults(names);
  const rules: GateRule[] = [
    { measure: 'accuracy', where: { model: names.baseline }, min: 0.1 },
    { measure: 'accuracy', where: { model: names.jem, dataset: 'test' }, min: 0.999 },
    { measure: 'accuracy', where: { model: names.purified }, max: 0.1, level: 'warn' },
    { measure: 'accuracy', where: { model: `no ${names.robust}` }, min: 0.5 },
  ];
  const results = { ...sample, ...more };
  const gates = await evaluateGates(rules, results);
  const placeOf = ({ gate = 0 }) => ({ file: 'evals/my run.yaml', line: 3 + gate });
  return { runs: [{ ...results, gates }], gates, placeOf };
}

const partial = { status: 'partial' as const, errors: ['attack of jem failed: `|\n::error::x'] };
const cases = {
  plain: await judged(plainNames),
  'hostile to pages': await judged(hostileNames),
  'hostile to CI': await judged(ciNames),
  partial: await judged(plainNames, partial),
  'partial and hostile': await judged(ciNames, partial),
  'without gates': { ...(await judged(plainNames)), gates: [] },
};
const table = Object.entries(cases);

const written = (name: string, of: Judged): string => reporters.named(name).render(of);
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const validated = (text: string) =>
  validateXML({ xml: [{ fileName: 'junit.xml', contents: text }], schema: [read('./junit.xsd')] });

describe('JUnit XML', () => {
  it.each(table)('is valid: %s', async (_, of) => {
    const { errors, valid } = await validated(written('junit', of));
    expect([errors, valid]).toEqual([[], true]);
  });

  it('has a test case for each gate, with its numbers', () => {
    const xml = written('junit', cases.plain);
    expect(xml).toContain('<testsuites name="assay" tests="4" failures="2" errors="0" time="161.400">');
    expect(xml).toContain(
      '<testcase name="accuracy (model baseline) at least 0.1" classname="assay.accuracy.baseline.accuracy" time="0">',
    );
    const [, passing, failing, warned, missing] = xml.split('<testcase ');
    const { value, interval } = cases.plain.gates[0]!;
    expect(passing).toContain(
      `<system-out>value: ${((value ?? 0) * 100).toFixed(1)}% (${value})\ninterval: [${interval?.map((x) => (100 * x).toFixed(1)).join(', ')}]\nn: 2000\nlimit: ≥ 10.0%\nmargin: +`,
    );
    expect(passing).not.toContain('<failure');
    expect(failing).toMatch(/<failure message="the value is below the limit" type="gate">.*limit ≥ 99.9%/);
    expect(warned).toMatch(/<skipped>warning: .*the value is above the limit<\/skipped>/);
    expect(warned).not.toContain('<failure');
    expect(missing).toContain(
      '<failure message="no &quot;accuracy&quot; with model no robust-pgd; there are',
    );
  });

  it('is not green where something could not be measured', () => {
    const xml = written('junit', cases.partial);
    expect(xml).toContain('tests="5" failures="3" errors="1"');
    expect(xml).toContain('<error message="attack of jem failed: `|\\n::error::x" type="partial">');
  });

  it('tells where the numbers are from', () => {
    const [results] = cases.plain.runs;
    const xml = written('junit', cases.plain);
    const expected = { commit: results.environment.git, seed: '0', gates: 'evals/my run.yaml' };
    for (const [name, value] of Object.entries(expected))
      expect(xml).toContain(`<property name="${name}" value="${value}"/>`);
    for (const { name, identity } of results.systems)
      expect(xml).toContain(`<property name="model ${name}" value="${identity}"/>`);
  });
});

it('several runs have their names, keys and errors in every format', async () => {
  const of: Judged = {
    ...cases.plain,
    runs: [
      { ...cases.plain.runs[0], key: 'first' },
      { ...cases.plain.runs[0], ...partial, key: 'second', title: 'Seed 1' },
    ],
  };
  const xml = written('junit', of);
  expect((await validated(xml)).errors).toEqual([]);
  expect(xml).toContain(`name="${plainNames.title}, Seed 1" tests="5"`);
  for (const text of [xml, written('markdown', of), written('sarif', of)])
    for (const told of ['first', 'second', 'attack of jem failed']) expect(text).toContain(told);
});

describe('SARIF', () => {
  // The schema of OASIS that Microsoft publishes with its matchers. It calls itself draft 4, and means the same in draft 7.
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(read('../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
  const ajv = new Ajv({
    strict: false,
    // One of its patterns has a lone bracket.
    unicodeRegExp: false,
    allErrors: true,
    formats: { uri: true, 'uri-reference': true, 'date-time': true },
  });
  const validate = ajv.compile(schema);

  it.each(table)('is valid, and GitHub takes every result: %s', (_, of) => {
    const log = JSON.parse(written('sarif', of));
    expect([validate(log), validate.errors]).toEqual([true, null]);
    const [{ results, tool }] = log.runs;
    expect(results).toHaveLength(of.gates.filter(({ passed }) => !passed).length);
    for (const result of results) {
      expect(result).toMatchObject({
        ruleId: expect.stringMatching(/./),
        level: expect.stringMatching(/^(error|warning)$/),
        message: { text: expect.stringMatching(/^[^\n]+$/) },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'evals/my%20run.yaml' },
              region: { startLine: expect.any(Number) },
            },
          },
        ],
        partialFingerprints: { 'assayGate/v1': expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    }
  });

  it('names the line of each rule, and holds what was measured', () => {
    const { runs } = JSON.parse(written('sarif', cases.plain));
    const lines = runs[0].results.map(
      (r: { locations: [{ physicalLocation: { region: { startLine: number } } }] }) =>
        r.locations[0].physicalLocation.region.startLine,
    );
    expect(lines).toEqual([4, 5, 6]);
    expect(runs[0].results.map(({ level }: { level: string }) => level)).toEqual([
      'error',
      'warning',
      'error',
    ]);
    const { value, interval, n } = cases.plain.gates[1]!;
    expect(runs[0].results[0].properties).toMatchObject({ value, interval, n, limit: 0.999 });
    expect(runs[0].invocations[0].executionSuccessful).toBe(true);
  });

  it('says that a run was not whole', () => {
    const { runs } = JSON.parse(written('sarif', cases.partial));
    expect(runs[0].invocations[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [
        { level: 'error', message: { text: 'attack of jem failed: `|\\n::error::x' } },
      ],
    });
  });
});

describe('Markdown', () => {
  it.each(table)('keeps every row on its line, and no name means anything: %s', (_, of) => {
    const text = written('markdown', of);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(of.gates.length > 0 ? of.gates.length + 2 : 0);
    // Six bars of our own make seven cells.
    for (const row of rows) expect(row.match(/\|/g)).toHaveLength(8);
    // What is ours: the mark, code, line breaks, small print.
    const names = text.replaceAll(/<!-- assay -->|<\/?code>|<br>|<\/?sub>/g, '');
    expect(names).not.toMatch(/[<>`@[\]]/);
    expect(names).not.toMatch(/https?:/);
  });

  it('shows the failed gates first', () => {
    const lines = written('markdown', cases.plain).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '<!-- assay -->',
      '## ❌ Assay: 2 of 4 gates failed, 1 warned',
      '',
      'Glyphs&#58; a plain, a robust and an energy-based classifier',
    ]);
    expect(lines[5]).toBe('|  | rule | value | interval | n | limit | margin |');
    expect(lines[7]).toMatch(
      /^\| ❌ \| <code>accuracy &#40;model jem, dataset test&#41; at least 0\.999<\/code> \| \d/,
    );
    expect(lines[10]).toMatch(/^\| ✅ \| <code>accuracy &#40;model baseline&#41; at least 0\.1<\/code>/);
  });
});

describe('a badge', () => {
  it.each([
    ['plain', '2 of 4 gates failed, 1 warned', 'red'],
    ['partial', 'partial, 3 of 4 gates failed, 1 warned', 'red'],
    ['without gates', 'no gates', 'lightgrey'],
  ] as const)('of a run that is %s', (name, message, color) => {
    expect(JSON.parse(written('badge', cases[name]))).toEqual({
      schemaVersion: 1,
      label: 'assay',
      message,
      color,
    });
  });
});

describe('annotations of GitHub', () => {
  it.each(table)('are a line each, and nothing else begins a command: %s', (_, of) => {
    const text = annotations(of);
    const lines = text.split('\n').slice(0, -1);
    expect(lines).toHaveLength(of.runs[0].errors.length + of.gates.filter(({ passed }) => !passed).length);
    for (const line of lines) {
      expect(line).toMatch(/^::(error|warning) (file=evals\/my run\.yaml,line=\d+,)?title=[^:,]+::[^\r]*$/);
      expect(line.replaceAll(/%(25|3A|2C)/g, '')).not.toContain('%');
    }
  });

  it('stand at the line of the rule', () => {
    expect(annotations(cases.plain).split('\n')[0]).toBe(
      `::error file=evals/my run.yaml,line=4,title=Gate failed%3A accuracy (model jem%2C dataset test) at least 0.999::measured ${((cases.plain.gates[1]!.value ?? 0) * 100).toFixed(1)}%25 [${cases.plain.gates[1]!.interval?.map((x) => (100 * x).toFixed(1)).join(', ')}], limit ≥ 99.9%25`,
    );
  });
});

it('every reporter is in this table of formats', () => {
  expect(reporters.names).toEqual(['junit', 'markdown', 'sarif', 'badge', 'json']);
});
