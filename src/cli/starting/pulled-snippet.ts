import { flow } from '../../config/flow.js';
import type { NamedSet, PulledEntry } from '../../pull/named-set.js';
import type { Pulled } from '../../pull/pull.js';
import { placeFrom } from './place-from.js';

/** `170 MB`, in the megabytes of disks and networks. */
export function sizeText(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  const value = bytes / unit;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

/** What is told of a data set that is there: where, how it may be used, and what a run file says of it. */
export function pulledSnippet(set: NamedSet, { folder, already, bytes }: Pulled): string {
  const entry = ({ path, more }: PulledEntry) => ({
    path: placeFrom('.', path === undefined ? folder : `${folder}/${path}`),
    ...more,
  });
  const first = set.entries[0]!;
  const rejected = { ...entry(first), role: 'ood' };
  return [
    set.title,
    `  in        ${folder} (${sizeText(bytes)}${already ? ', was there, checked' : ''})`,
    `  licence   ${set.licence}`,
    `  cite      ${folder}/LICENCE.txt has the BibTeX, and where it is from: ${set.home}`,
    ...(set.note ? [`  note      ${set.note}`] : []),
    '',
    'For a run file in this folder:',
    '',
    'datasets:',
    ...set.entries.map((one) => `  ${one.name}: ${flow(entry(one))}`),
    ...(first.more?.role === 'ood'
      ? []
      : [`  # or, as what should be rejected: ${set.name}: ${flow(rejected)}`]),
    '',
  ].join('\n');
}
