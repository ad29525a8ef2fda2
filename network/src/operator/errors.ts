/** Errors an operator meets at the command line: each says what to do next. */
import { LamplighterError } from '../errors.ts';

export type OperatorErrorCode =
  /** A required file or package is not there. */
  | 'INSTALLATION_INCOMPLETE'
  /** The state directory belongs to a running city. */
  | 'DIRECTORY_IN_USE'
  /** The state directory was written by another version. */
  | 'DIRECTORY_VERSION'
  /** The state directory was written by the other engine. */
  | 'DIRECTORY_ENGINE'
  /** The directory holds something that is not ours. */
  | 'DIRECTORY_FOREIGN'
  /** The state directory holds an earlier city where a new one is needed. */
  | 'DIRECTORY_USED'
  /** No city runs on this directory. */
  | 'CITY_NOT_RUNNING'
  /** No network runs on this directory, or it is not ready. */
  | 'NETWORK_NOT_RUNNING'
  /** A process has the directory, but does not answer as the network that it says it is. */
  | 'NETWORK_SILENT'
  /** A child process ended before it was asked to. */
  | 'PROCESS_ENDED'
  /** Something did not happen within its time. */
  | 'NOT_IN_TIME'
  /** An option has a value outside its bounds. */
  | 'OPTION_INVALID'
  /** What a vendor node said is no answer, or was broken off. */
  | 'ANSWER_BROKEN'
  /** A vendor node refused the request. */
  | 'REQUEST_REFUSED';

export class OperatorError extends LamplighterError<OperatorErrorCode> {}
