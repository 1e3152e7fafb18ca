import type { DatasetInfo } from '../data/dataset.js';
import { capabilityTitles } from '../models/capabilities.js';
import type { SystemInfo } from '../models/system.js';
import type { Fit, Score } from '../scores/score.js';
import type { Catalogue } from './catalogue.js';

/** Scores by their ids. Errors: `unknown-name`. */
export const scoresNamed = (ids: readonly string[], { scores }: Catalogue): Score[] =>
  ids.map((id) => scores.named(id));

/** Why a score cannot be had of a system on these data sets: the first thing that is missing. */
export function lackOf(
  system: SystemInfo,
  { title, needs, fit }: Score,
  datasets: readonly DatasetInfo[],
): { reason: string } | undefined {
  const capability = needs.find((need) => !system.offers.includes(need));
  if (capability) {
    const why = system.lacks[capability] ?? 'the system does not offer it';
    return { reason: `${title} needs ${capabilityTitles[capability]}: ${why}` };
  }
  if (!fit || fittedTo(fit, datasets)) return undefined;
  return { reason: `${title} is fitted: the run has no labelled data set with \`role: ${fit.role}\`` };
}

/** The data set that a score is fitted to: the first of its role. */
export const fittedTo = ({ role }: Fit, datasets: readonly DatasetInfo[]): DatasetInfo | undefined =>
  datasets.find((dataset) => dataset.role === role && dataset.labelled);
