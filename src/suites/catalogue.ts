import type { Architecture } from '../architectures/architecture.js';
import { architectures } from '../architectures/registry.js';
import { type FollowedLoss, followedLosses } from '../attacks/losses.js';
import { type Norm, norms } from '../attacks/norms.js';
import { type AnyAttack, type AttackRow, attackDefinitions, attackRows } from '../attacks/registry.js';
import type { CheckpointFormat } from '../checkpoints/checkpoint.js';
import { checkpointFormats } from '../checkpoints/registry.js';
import type { AnyCorruption } from '../data/corruptions/corruption.js';
import { corruptions } from '../data/corruptions/registry.js';
import { dataFormats } from '../data/formats/registry.js';
import type { DataFormat } from '../data/source.js';
import type { Loss } from '../losses/loss.js';
import { ownLosses, withLossesOfScores } from '../losses/registry.js';
import { conformalScores } from '../metrics/conformal/registry.js';
import type { ConformalScore } from '../metrics/conformal/score.js';
import type { Recalibrator } from '../metrics/recalibration/recalibrator.js';
import { recalibrators } from '../metrics/recalibration/registry.js';
import { type Defence, defences } from '../models/defences/registry.js';
import type { Registry } from '../registry.js';
import { scores } from '../scores/registry.js';
import type { Score } from '../scores/score.js';

/** What is written down as rows: of Assay, and of plug-ins. */
interface Written {
  attacks: Registry<AnyAttack>;
  losses: Registry<Loss>;
  scores: Registry<Score>;
  norms: Registry<Norm>;
  defences: Registry<Defence>;
  dataFormats: Registry<DataFormat>;
  corruptions: Registry<AnyCorruption>;
  checkpointFormats: Registry<CheckpointFormat>;
  architectures: Registry<Architecture>;
  conformalScores: Registry<ConformalScore>;
  recalibrators: Registry<Recalibrator>;
}

/** Everything that a run can name, but for suites, measurements and derived data sets: what comes with Assay, and what its plug-ins add. */
export interface Catalogue extends Omit<Written, 'attacks'> {
  attacks: Registry<AttackRow>;
  /** Those of scores too. */
  losses: Registry<Loss>;
  /** Losses as attackers follow them. */
  followed: Registry<FollowedLoss>;
  /** What all this was made from. */
  written: Written;
}

/** What follows from scores and losses: a score that can be climbed is a loss, and an attack climbs what it is given. */
function catalogueOf(written: Written): Catalogue {
  const losses = withLossesOfScores(written.losses, written.scores);
  return {
    ...written,
    losses,
    followed: followedLosses(losses, written.scores),
    attacks: attackRows(written.attacks, losses),
    written,
  };
}

/** What comes with Assay. */
export const builtinCatalogue = catalogueOf({
  attacks: attackDefinitions,
  losses: ownLosses,
  scores,
  norms,
  defences,
  dataFormats,
  corruptions,
  checkpointFormats,
  architectures,
  conformalScores,
  recalibrators,
});

/** What a plug-in adds to the catalogue: rows by kind. */
export type CatalogueRows = {
  readonly [K in keyof Written]?: Written[K] extends Registry<infer T> ? readonly T[] : never;
};

/** A catalogue with the rows of a plug-in added. Errors: `config-invalid` for a name that is taken. */
export function withRows({ written }: Catalogue, rows: CatalogueRows, from: string): Catalogue {
  return catalogueOf({
    attacks: written.attacks.with(rows.attacks ?? [], from),
    losses: written.losses.with(rows.losses ?? [], from),
    scores: written.scores.with(rows.scores ?? [], from),
    norms: written.norms.with(rows.norms ?? [], from),
    defences: written.defences.with(rows.defences ?? [], from),
    dataFormats: written.dataFormats.with(rows.dataFormats ?? [], from),
    corruptions: written.corruptions.with(rows.corruptions ?? [], from),
    checkpointFormats: written.checkpointFormats.with(rows.checkpointFormats ?? [], from),
    architectures: written.architectures.with(rows.architectures ?? [], from),
    conformalScores: written.conformalScores.with(rows.conformalScores ?? [], from),
    recalibrators: written.recalibrators.with(rows.recalibrators ?? [], from),
  });
}
