/** What the words of a command are, where a shell can complete them. */
import { Argument } from 'commander';

/** The name of a service that is there, or several. */
export class ServiceArgument extends Argument {}
