/** E-mail, by the mail server of the settings (nodemailer): bounded in time, with TLS unless the settings say otherwise. */
import net from 'node:net';
import { onAbort } from '../../guard.ts';
import type { Timers } from '../clock.ts';
import { NoReply, type Reply } from './outbound.ts';

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: it has to be offered. `none`: for a server on this machine. */
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly from: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

interface Message {
  /** The same for every attempt: a mail server may know it again. */
  readonly id: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** Of each step: a connection, a greeting, an answer. Mail servers delay strangers by some seconds. */
const STEP_TIMEOUT_MS = 15_000;

/** For all of it: a server that says a little now and then ends no step, and would hold up the webhook for ever. */
const TIMEOUT_MS = 120_000;

/** What a mail server said, as part of a sentence. */
const SAID_MAX_CHARS = 300;

/** Messages of which some were refused and that may be tried again: those of 50 webhooks, and tests. */
const PARTLY_TAKEN_MAX = 200;

/** By everybody to whom it was to go. */
const TAKEN: Reply = { status: 250, body: '' };

/** For the log, should a listener throw. */
const SENDING = 'a message to a mail server';

export class Mailer {
  readonly #settings: MailSettings;
  readonly #timers: Timers;
  /** By message who has had it, where others were refused: what is tried again is for these alone. The last ones only. */
  readonly #taken = new Map<string, ReadonlySet<string>>();

  constructor(settings: MailSettings, timers: Timers) {
    this.#settings = settings;
    this.#timers = timers;
  }

  /**
   * Never rejects; what was taken for everybody is answered as a request would be. What was taken for some is tried again
   * for the others.
   */
  async send(message: Message, stopped: AbortSignal): Promise<Reply | NoReply> {
    if (stopped.aborted) return new NoReply('was not waited for');
    const socket = new net.Socket();
    const givenUp = Promise.withResolvers<NoReply>();
    const giveUp = (reason: string): void => {
      givenUp.resolve(new NoReply(reason));
      socket.destroy();
    };
    const seconds = TIMEOUT_MS / 1000;
    const cancel = this.#timers.after(TIMEOUT_MS, () => giveUp(`was not taken by the mail server within ${seconds} s`));
    const unlisten = onAbort(stopped, SENDING, () => giveUp('was not waited for'));
    try {
      return await Promise.race([this.#sendOver(socket, message), givenUp.promise]);
    } finally {
      cancel();
      unlisten();
    }
  }

  async #sendOver(socket: net.Socket, { id, to, subject, text }: Message): Promise<Reply | NoReply> {
    const { from } = this.#settings;
    const had = this.#taken.get(id);
    const left = to.filter((address) => had?.has(address) !== true);
    // Whoever was refused has been taken off the list since.
    if (left.length === 0) return TAKEN;
    try {
      const transporter = await this.#connect(socket);
      const messageId = `<${id}@${from.replace(/^.*@|>.*$/g, '')}>`;
      // Mail that machines write gets no answer of machines (RFC 3834 §5).
      const headers = { 'Auto-Submitted': 'auto-generated' };
      const envelope = { from, to: left };
      const sent = await transporter.sendMail({ from, to: [...to], envelope, subject, text, messageId, headers });
      const refusals = sent.rejectedErrors ?? [];
      this.#taken.delete(id);
      if (refusals.length === 0) return TAKEN;
      const refused = new Set(refusals.map(({ recipient }) => recipient));
      this.#keepTaken(id, new Set(to.filter((address) => !refused.has(address))));
      const each = refusals.map((error) => `${error.recipient} (${said(error)})`).join(', ');
      return new NoReply(`could not be sent to ${each}; others have it`);
    } catch (error) {
      return new NoReply(`could not be sent: ${said(error as SaidError)}`);
    }
  }

  #keepTaken(id: string, taken: ReadonlySet<string>): void {
    this.#taken.set(id, taken);
    for (const oldest of this.#taken.keys()) {
      if (this.#taken.size <= PARTLY_TAKEN_MAX) return;
      this.#taken.delete(oldest);
    }
  }

  /** Only who sends mail loads what does it. A connection for each message: there are few. */
  async #connect(socket: net.Socket) {
    const { createTransport } = await import('nodemailer');
    const { host, port, tls, user, password } = this.#settings;
    return createTransport({
      host,
      port,
      socket,
      secure: tls === 'tls',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      connectionTimeout: STEP_TIMEOUT_MS,
      greetingTimeout: STEP_TIMEOUT_MS,
      socketTimeout: STEP_TIMEOUT_MS,
      // Nothing of a message is a file or an address to be read.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }
}

type SaidError = Error & { readonly response?: string | undefined };

/** What the server said; else what went wrong on the way. No line of either has the password. */
function said({ message, response }: SaidError): string {
  return (response ?? message).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, SAID_MAX_CHARS);
}
