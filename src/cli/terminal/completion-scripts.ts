/** A command as completion knows it. */
export interface CompletedCommand {
  name: string;
  summary: string;
  /** What each argument can be; empty for files. */
  arguments: readonly (readonly string[])[];
  options: readonly CompletedOption[];
}

export interface CompletedOption {
  short?: string;
  long: string;
  summary: string;
  takesValue: boolean;
  /** What its value can be; empty for files and all else. */
  choices: readonly string[];
}

/** Makes the script of a shell. */
type Script = (commands: readonly CompletedCommand[]) => string;

const flagsOf = ({ short, long }: CompletedOption): string[] => (short ? [short, long] : [long]);

/** Values that stand for themselves between quotes of any shell: names of commands and choices. */
const choicesOf = ({ arguments: all }: CompletedCommand): string[] => all.flat();

/** Where there is nothing to offer, readline completes files. */
const bash: Script = (commands) => {
  const names = commands.map(({ name }) => name);
  const values = commands.flatMap((command) =>
    command.options
      .filter(({ takesValue }) => takesValue)
      .map(
        (option) =>
          `    ${flagsOf(option)
            .map((flag) => `${command.name}:${flag}`)
            .join('|')}) words='${option.choices.join(' ')}' ;;`,
      ),
  );
  const flags = commands.map(
    (command) =>
      `        ${command.name}) if [[ $current == -* ]]; then words='${command.options.flatMap(flagsOf).join(' ')}'; else words='${choicesOf(command).join(' ')}'; fi ;;`,
  );
  return `# Completion of assay for bash.
_assay() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case $command:$previous in
${values.join('\n')}
    *)
      case $command in
${flags.join('\n')}
        *) words='${[...names, 'help', '--help', '--version'].join(' ')}' ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _assay assay
`;
};

/** A text between single quotes, without what \`_arguments\` and \`_describe\` read as theirs. */
const zshText = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:\\]/g, '\\$&');

const zsh: Script = (commands) => {
  const list = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const value = ({ choices }: Pick<CompletedOption, 'choices'>) =>
    choices.length > 0 ? `value:(${choices.join(' ')})` : 'value:_files';
  const specs = ({ options, arguments: all }: CompletedCommand) => [
    ...options.flatMap((option) =>
      flagsOf(option).map(
        (flag) => `'*${flag}[${zshText(option.summary)}]${option.takesValue ? `:${value(option)}` : ''}'`,
      ),
    ),
    ...all.map((choices, i) => `'${i + 1}:${value({ choices })}'`),
  ];
  const cases = commands.map((command) => `    ${command.name}) _arguments ${specs(command).join(' ')} ;;`);
  return `#compdef assay
# Completion of assay for zsh.
_assay() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _assay assay
`;
};

const fishText = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

const fish: Script = (commands) => {
  const first = commands.map(
    ({ name, summary }) => `complete -c assay -n __fish_use_subcommand -f -a ${name} -d ${fishText(summary)}`,
  );
  const rest = commands.flatMap((command) => {
    const on = `complete -c assay -n '__fish_seen_subcommand_from ${command.name}'`;
    const choices = choicesOf(command);
    return [
      ...(choices.length > 0 ? [`${on} -f -a '${choices.join(' ')}'`] : []),
      ...command.options.map(({ short, long, summary, takesValue, choices: values }) => {
        const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : '';
        return `${on}${short ? ` -s ${short.slice(1)}` : ''} -l ${long.slice(2)}${value} -d ${fishText(summary)}`;
      }),
    ];
  });
  return `# Completion of assay for fish.\n${[...first, ...rest].join('\n')}\n`;
};

/** Every shell by its name. */
export const shells: Readonly<Record<string, Script>> = { bash, zsh, fish };
