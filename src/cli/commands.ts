import { Command } from 'commander';

/** A command as `assay --help` lists it. */
interface Listed {
  /** Its argument. */
  takes?: string;
  summary: string;
  load: () => Promise<Command>;
}

const listed: Record<string, Listed> = {
  run: {
    takes: '<file>',
    summary: 'measure what a run file asks for, and write a report',
    load: async () => (await import('./commands/run.js')).runCommand(),
  },
  merge: {
    takes: '<dir...>',
    summary: 'put the shards of a run together',
    load: async () => (await import('./commands/merge.js')).mergeCommand(),
  },
  submit: {
    takes: '<target> <file>',
    summary: 'write what a cluster needs to measure a run in shards',
    load: async () => (await import('./commands/submit.js')).submitCommand(),
  },
  worker: {
    takes: '[folder]',
    summary: 'measure units of runs that were submitted to a queue',
    load: async () => (await import('./commands/worker.js')).workerCommand(),
  },
  status: {
    takes: '[dir]',
    summary: 'show how far a run is, and who measures',
    load: async () => (await import('./commands/status.js')).statusCommand(),
  },
  score: {
    summary: 'measure saved predictions, without a model',
    load: async () => (await import('./commands/score.js')).scoreCommand(),
  },
  report: {
    takes: '<dir>',
    summary: 'render the report of a run folder again',
    load: async () => (await import('./commands/report.js')).reportCommand(),
  },
  figures: {
    takes: '<dir>',
    summary: 'write the plots of a report as SVG and PDF',
    load: async () => (await import('./commands/figures.js')).figuresCommand(),
  },
  table: {
    takes: '[preset] [dirs...]',
    summary: 'write tables for papers from run folders',
    load: async () => (await import('./commands/table.js')).tableCommand(),
  },
  gate: {
    takes: '<dir...>',
    summary: 'judge the results of a run folder',
    load: async () => (await import('./commands/gate.js')).gateCommand(),
  },
  compare: {
    takes: '<dir...>',
    summary: 'compare models of run folders, with paired tests',
    load: async () => (await import('./commands/compare.js')).compareCommand(),
  },
  history: {
    takes: '<dir>',
    summary: 'show how measures moved over the runs in a folder',
    load: async () => (await import('./commands/history.js')).historyCommand(),
  },
  bless: {
    takes: '<dir>',
    summary: 'make the results of a run folder the baseline of later ones',
    load: async () => (await import('./commands/bless.js')).blessCommand(),
  },
  export: {
    takes: '<format> <dir>',
    summary: 'write results in a format that other programs read',
    load: async () => (await import('./commands/export.js')).exportCommand(),
  },
  audit: {
    takes: '<claims>',
    summary: 'hold published numbers against run folders',
    load: async () => (await import('./commands/audit.js')).auditCommand(),
  },
  verify: {
    takes: '<instances>',
    summary: 'attack and prove the properties of a verification benchmark',
    load: async () => (await import('./commands/verify.js')).verifyCommand(),
  },
  inspect: {
    takes: '<file>',
    summary: 'show what a checkpoint holds',
    load: async () => (await import('./commands/inspect.js')).inspectCommand(),
  },
  explain: {
    takes: '[kind] [name]',
    summary: 'list what a run file can name, with options',
    load: async () => (await import('./commands/explain.js')).explainCommand(),
  },
  doctor: {
    summary: 'check that this machine can run Assay',
    load: async () => (await import('./commands/doctor.js')).doctorCommand(),
  },
  init: {
    takes: '[dir]',
    summary: 'write a model card and a run file to start from',
    load: async () => (await import('./commands/init.js')).initCommand(),
  },
  data: {
    takes: '<action> [names...]',
    summary: 'fetch published data sets by name',
    load: async () => (await import('./commands/data.js')).dataCommand(),
  },
  completion: {
    takes: '<shell>',
    summary: 'print a script that completes commands in a shell',
    load: async () =>
      (await import('./commands/completion.js')).completionCommand(() => commandsFor(commandNames)),
  },
  'build-addon': {
    takes: '[folder]',
    summary: 'build the native addon of TensorFlow.js',
    load: async () => (await import('./commands/build-addon.js')).buildAddonCommand(),
  },
};

export const commandNames: readonly string[] = Object.keys(listed);

/**
 * Every command; those among `words` whole, the others as far as they are listed: what one of them does is half a
 * second of loading, which the others should not wait for.
 */
export function commandsFor(words: readonly string[]): Promise<Command[]> {
  return Promise.all(
    Object.entries(listed).map(async ([name, { takes, summary, load }]) => {
      if (words.includes(name)) return (await load()).summary(summary);
      const command = new Command(name).summary(summary);
      return takes ? command.arguments(takes) : command;
    }),
  );
}
