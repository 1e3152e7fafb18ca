import type { Place } from './places.js';

/*
 * What GitHub Actions reads of a job's output:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. Names come from elsewhere: in a
 * property or a message they could end the command and begin another.
 */

export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  title: string;
  message: string;
  place?: Place;
}

/** A workflow command that marks a line of a file: one line of output. */
export function annotation({ level, title, message, place }: Annotation): string {
  const properties = { ...(place && { file: place.file, line: String(place.line) }), title };
  const written = Object.entries(properties).map(([key, value]) => `${key}=${asProperty(value)}`);
  return `::${level} ${written.join(',')}::${asData(message)}\n`;
}

/** As @actions/core writes them. */
const asData = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const asProperty = (text: string) => asData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Text of ours that is no command, whatever names are in it: the runner takes `::` at the start of a line, `##[` anywhere. */
export const withoutCommands = (text: string): string =>
  text.replaceAll(/^(\s*):(?=:)/gm, `$1:${UNSEEN}`).replaceAll('##[', `#${UNSEEN}#[`);

/** Of no width, so that the text reads as before. */
const UNSEEN = '\u200b';
