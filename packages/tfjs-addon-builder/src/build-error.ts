/** What is to blame: there is no TensorFlow, nothing can be built with it, or what was built cannot be put in its place. */
export type BuildFault = 'no-tensorflow' | 'cannot-build' | 'cannot-place';

/** What a user is told beside the message. */
export interface BuildErrorDetails {
  file?: string;
  expected?: string;
  found?: string;
  also?: readonly string[];
  /** What to do. */
  hint?: string;
  cause?: unknown;
}

/** Why there is no addon, and what to do. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly details: Omit<BuildErrorDetails, 'cause'>;

  constructor(
    readonly fault: BuildFault,
    message: string,
    { cause, ...details }: BuildErrorDetails = {},
  ) {
    super(message, { cause });
    this.details = details;
  }
}
