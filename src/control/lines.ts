/** Where what runs by itself tells what it does; pino's logger is one. Each asks for the levels that it has. */
export interface Lines {
  debug(line: object, text: string): void;
  info(line: object, text: string): void;
  warn(line: object, text: string): void;
  error(line: object, text: string): void;
}
