import type { DatasetInfo } from '../data/dataset.js';
import { capabilityTitles } from '../models/capabilities.js';
import type { SystemInfo } from '../models/system.js';
import type { Fit, FitRole, Score } from '../scores/score.js';
import type { Catalogue } from './catalogue.js';
import type { ChosenScore } from './chosen-scores.js';

/** Scores by their ids. Errors: `unknown-name`. */
export const scoresNamed = (ids: readonly string[], { scores }: Catalogue): Score[] =>
  ids.map((id) => scores.named(id));

/** What a score lacks. */
interface Lack {
  /** Of this score, and of several that lack the same. */
  reason: string;
  shared: string;
}

/** Why a score cannot be had of a system on these data sets: the first thing that is missing. */
export function lackOf(
  system: SystemInfo,
  { title, needs, fit, probe, settings = {} }: Score & Partial<Pick<ChosenScore, 'settings'>>,
  datasets: readonly DatasetInfo[],
): Lack | undefined {
  const capability = needs.find((need) => !system.offers.includes(need));
  if (capability) {
    const why = system.lacks[capability] ?? 'the system does not offer it';
    const needed = capabilityTitles[capability];
    return { reason: `${title} needs ${needed}: ${why}`, shared: `they need ${needed}: ${why}` };
  }
  const refused = probe?.refuses?.(system, settings);
  if (refused)
    return {
      reason: `${title} cannot be asked of it: ${refused}`,
      shared: `they cannot be asked of it: ${refused}`,
    };
  if (!fit || fittedTo(fit, datasets)) return undefined;
  const roles = rolesOf(fit)
    .map((role) => `\`role: ${role}\``)
    .join(' or ');
  const labelled = fit.unlabelled ? '' : 'labelled ';
  const absent = `the run has no ${labelled}data set with ${roles}`;
  return { reason: `${title} is fitted: ${absent}`, shared: `they are fitted: ${absent}` };
}

/** From so many scores on that lack the same, one line says it of all. */
const MANY = 5;

/** What scores cannot be had of a system, and why. */
export function lacksOf(
  system: SystemInfo,
  scores: readonly Score[],
  datasets: readonly DatasetInfo[],
): { what: string; reason: string }[] {
  const lacking = scores.flatMap((score) => {
    const lack = lackOf(system, score, datasets);
    return lack ? [{ title: score.title, ...lack }] : [];
  });
  const titlesOf = (reason: string) => lacking.filter((l) => l.shared === reason).map(({ title }) => title);
  return lacking.flatMap(({ title, reason, shared }) => {
    const titles = titlesOf(shared);
    if (titles.length < MANY) return [{ what: title, reason }];
    return title === titles[0] ? [{ what: titles.join(', '), reason: shared }] : [];
  });
}

const rolesOf = ({ role }: Pick<Fit, 'role'>): readonly FitRole[] => [role].flat() as FitRole[];

/** The data set that a score is fitted to: the first of the first of its roles that the run has. */
export function fittedTo(
  fit: Pick<Fit, 'role' | 'unlabelled'>,
  datasets: readonly DatasetInfo[],
): DatasetInfo | undefined {
  const able = datasets.filter(({ labelled }) => labelled || fit.unlabelled);
  return rolesOf(fit)
    .flatMap((role) => able.filter((dataset) => dataset.role === role))
    .at(0);
}

/**
 * Measured, not computed from what a suite has at hand: a score that is fitted, or read off features, asks the system
 * itself, or whose options are chosen.
 */
export const isMeasured = ({
  fit,
  needs,
  probe,
  tuning,
}: Pick<Score, 'fit' | 'needs' | 'probe'> & Pick<ChosenScore, 'tuning'>): boolean =>
  tuning !== undefined ||
  fit !== undefined ||
  probe !== undefined ||
  needs.includes('features') ||
  needs.includes('lastLayer');
