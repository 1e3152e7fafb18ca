import type { Results, Warning } from '../../suites/results.js';
import { warningsOnce } from '../told-once.js';
import { sharedTitle } from './headings.js';
import { prose } from './prose.js';
import type { SuiteView } from './suites.js';

const ORDER: Warning['severity'][] = ['serious', 'warning', 'note'];
const WORDS: Record<Warning['severity'], string> = { serious: 'Serious', warning: 'Warning', note: 'Note' };

/** Warnings, a line each and each once, the serious ones first; notes are folded away. */
export function warningsView(results: Results, suites: readonly SuiteView[]) {
  const items = warningsOnce(results.warnings)
    .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
    .map((warning, i) => ({
      id: `warning-${i + 1}`,
      severity: warning.severity,
      word: WORDS[warning.severity],
      message: prose(warning.message),
      why: prose(warning.why ?? ''),
      fix: prose(warning.fix ?? ''),
      code: warning.code,
      about: warning.about.join(', '),
      raisedBy: warning.suites.map((name) => ({
        link: suites.find(({ suite }) => suite === name)?.id ?? '',
        suite: sharedTitle(suites, name),
      })),
    }));
  const loud = items.filter((item) => item.severity !== 'note');
  const notes = items.filter((item) => item.severity === 'note');
  const tally = ORDER.map((severity) => ({
    severity,
    n: items.filter((i) => i.severity === severity).length,
  }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => ({ severity, text: plural(severity, n) }));
  return {
    loud,
    notes,
    any: items.length > 0,
    count: items.length,
    serious: items.some((item) => item.severity === 'serious'),
    tally,
    summary: tally.map(({ text }) => text).join(', '),
    notesTitle: plural('note', notes.length),
  };
}

function plural(severity: Warning['severity'], n: number): string {
  if (severity === 'serious') return `${n} serious warning${n === 1 ? '' : 's'}`;
  return `${n} ${severity}${n === 1 ? '' : 's'}`;
}
