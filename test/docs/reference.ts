import { architectureSchema } from '../../src/architectures/registry.js';
import { chosenLosses } from '../../src/attacks/losses.js';
import type { TSchema } from '../../src/config/type.js';
import { datasetSchema } from '../../src/data/dataset-schema.js';
import { GateRule } from '../../src/gate/rule.js';
import { ModelCard } from '../../src/models/card/card.js';
import { builtinRunCatalogue } from '../../src/runs/asked/run-catalogue.js';
import { RunFile } from '../../src/runs/asked/run-file.js';
import { GeneratedSpec, TransformedSpec } from '../../src/runs/inventory/derived-specs.js';
import type { Fit } from '../../src/scores/score.js';
import { scoreSets } from '../../src/scores/sets.js';
import { optionsOf } from '../../src/suites/contract.js';
import { everySuite } from '../suites/helpers/every-suite.js';
import { schemaTable } from './schema-table.js';

/** docs/reference.md, from the schemas that check what users write. */
export function referencePage(catalogue = builtinRunCatalogue): string {
  const { attacks, architectures, corruptions, dataFormats, defences, losses, norms, scores } = catalogue;
  const suites = everySuite.map(
    (suite) =>
      `### \`${suite.name}\`: ${suite.title}\n\n${suite.description}\n\n${schemaTable(optionsOf(suite, catalogue))}`,
  );
  const methods = [...attacks].map(
    ({ name, title, source, options }) => `#### \`${name}\`: ${title} (${source})\n\n${schemaTable(options)}`,
  );
  const networks = [...architectures].map(
    (row) => `#### \`${row.name}\`\n\n${schemaTable(architectureSchema(row))}`,
  );
  const ways = [...catalogue.transforms].map(
    ({ name, title, source, options }) => `#### \`${name}\`: ${title} (${source})\n\n${schemaTable(options)}`,
  );
  const damages = [...corruptions].map(
    ({ name, title, category, channels, source }) =>
      `| \`${name}\` | ${title} | ${category} | ${channels === 'rgb' ? 'RGB only' : 'grey and RGB'} | ${source} |`,
  );
  const noises = [...catalogue.generators].map(
    ({ name, title, source, options }) => `#### \`${name}\`: ${title} (${source})\n\n${schemaTable(options)}`,
  );
  const guards = [...defences].map(
    ({ name, title, source, options }) => `### \`${name}\`: ${title} (${source})\n\n${schemaTable(options)}`,
  );
  const confidences = [...scores].map(
    ({ id, title, label, source, needs, fit }) =>
      `| \`${id}\` | ${title} | ${cell(label)} | ${[...needs, ...(fit ? [fittedOn(fit)] : [])].join(', ')} | ${source} |`,
  );
  const variants = [...scores].flatMap(({ id, options }) =>
    Object.entries<TSchema>(options?.properties ?? {}).map(
      ([name, schema]) =>
        `| \`${id}\` | \`${name}\` | \`${JSON.stringify(schema.default)}\` | ${cell(schema.description ?? '')} |`,
    ),
  );
  return `# Reference

Every key of a model card and a run file. Made by \`npm run docs\` from the schemas that check them; unknown keys are errors.
Paths start at the folder of the file they are written in. Epsilons may be fractions, \`8/255\`, and are kept as written.

## Model card

${schemaTable(ModelCard)}
### Architectures

What \`architecture\` of a card may hold for a file of weights, by its name; [checkpoints.md](checkpoints.md) explains them.

${networks.join('\n')}
## Run file

${schemaTable(RunFile)}
## Data sets

What a name under \`datasets\` holds; [data.md](data.md) explains the formats.

${schemaTable(datasetSchema(dataFormats))}
### Made of another data set

These keys, and one that says how; [data.md](data.md#data-sets-made-of-others) explains them.

${schemaTable(TransformedSpec)}
${ways.join('\n')}
### Corruptions

What \`name\` of \`corrupt\` may say; [corruptions.md](corruptions.md) explains them.

| name | title | category | images | source |
|---|---|---|---|---|
${damages.join('\n')}

### Generated

These keys, and those of what \`generate\` names.

${schemaTable(GeneratedSpec)}
${noises.join('\n')}
## Suites

${suites.join('\n')}
### Methods of \`attack\`

Norms: ${norms.names.map((n) => `\`${n}\``).join(', ')}. Losses: ${chosenLosses(losses)
    .map((n) => `\`${n}\``)
    .join(', ')}.
Options of the method stand beside those of the suite.

${methods.join('\n')}
### Scores of \`ood\`

Higher means in-distribution. An entry of \`scores\` is an id, \`{ id: { option: value } }\`, or ${scoreSets.map(({ name, title }) => `\`${name}\`: ${title}`).join('; ')}.

| id | title | what it is | needs | source |
|---|---|---|---|---|
${confidences.join('\n')}

| score | option | default | meaning |
|---|---|---|---|
${variants.join('\n')}

## Defences

An entry of \`defences\` has a \`name\`, the \`model\` it stands before, and one of these keys.

${guards.join('\n')}
## Gates

${schemaTable(GateRule)}`;
}

const fittedOn = ({ role, unlabelled }: Fit) =>
  `a ${unlabelled ? '' : 'labelled '}set with ${[role]
    .flat()
    .map((one) => `\`role: ${one}\``)
    .join(', else ')}`;

const cell = (text: string) => text.replaceAll('|', '\\|');
