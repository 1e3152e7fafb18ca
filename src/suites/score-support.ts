import { capabilityTitles } from '../models/capabilities.js';
import type { Capability, SystemInfo } from '../models/system.js';
import type { Score } from '../scores/score.js';

/** The first capability that a score needs and a system lacks, with the reason. */
export function missing(
  system: SystemInfo,
  score: Score,
): { capability: Capability; reason: string } | undefined {
  const capability = score.needs.find((need) => !system.offers.includes(need));
  if (!capability) return undefined;
  const why = system.lacks[capability] ?? 'the system does not offer it';
  return { capability, reason: `${score.title} needs ${capabilityTitles[capability]}: ${why}` };
}
