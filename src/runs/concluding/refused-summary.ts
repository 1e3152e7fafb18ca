import type { SystemRefusal } from '../../suites/refused.js';
import type { NotApplicable, Warning } from '../../suites/results.js';

/** One for all that a system was refused for the same reason, in the order in which they were met. */
function byReason(refusals: readonly SystemRefusal[]): (Omit<SystemRefusal, 'what'> & { what: string[] })[] {
  const found = new Map<string, { system: string; reason: string; what: Set<string> }>();
  for (const { system, reason, what } of refusals) {
    const id = JSON.stringify([system, reason]);
    const known = found.get(id) ?? { system, reason, what: new Set() };
    known.what.add(what);
    found.set(id, known);
  }
  return [...found.values()].map(({ what, ...rest }) => ({ ...rest, what: [...what] }));
}

/** What a suite tells of measurements that were refused: that they do not apply, and a warning that gates may forbid. */
export function refusedSummary(
  suite: string,
  refusals: readonly SystemRefusal[],
): { notApplicable: NotApplicable[]; warnings: Warning[] } {
  const grouped = byReason(refusals);
  return {
    notApplicable: grouped.map(({ system: model, what, reason }) => ({
      suite,
      model,
      what: what.join(', '),
      reason,
    })),
    warnings: grouped.map(({ system: model, what, reason }) => ({
      code: 'not-to-be-measured',
      severity: 'serious',
      suite,
      model,
      message: `${what.join(', ')} of "${model}" cannot be measured: ${reason}`,
      why: 'no number of this suite rests on it, and means are of the others: systems that have it are compared with one that has not',
      fix: 'do what the message says, or leave it out for all systems',
    })),
  };
}
