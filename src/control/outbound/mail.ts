/** E-mail, by the mail server of the settings (nodemailer): bounded in time, with TLS unless the settings say otherwise. */
import type { Transporter } from 'nodemailer';
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

/** What a mail server said, as part of a sentence. */
const SAID_MAX_CHARS = 300;

export class Mailer {
  readonly #settings: MailSettings;
  #transporter: Promise<Transporter> | undefined;

  constructor(settings: MailSettings) {
    this.#settings = settings;
  }

  /** Never rejects; what was taken is answered as a request would be. */
  async send({ id, to, subject, text }: Message, stopped: AbortSignal): Promise<Reply | NoReply> {
    const { from } = this.#settings;
    try {
      this.#transporter ??= this.#connect();
      const transporter = await this.#transporter;
      if (stopped.aborted) return new NoReply('was not waited for');
      const messageId = `<${id}@${from.replace(/^.*@|>.*$/g, '')}>`;
      // Mail that machines write gets no answer of machines (RFC 3834 §5).
      const headers = { 'Auto-Submitted': 'auto-generated' };
      await transporter.sendMail({ from, to: [...to], subject, text, messageId, headers });
      return { status: 250, body: '' };
    } catch (error) {
      return new NoReply(`could not be sent: ${said(error as Error & { code?: string; response?: string })}`);
    }
  }

  /** Only who sends mail loads what does it. A connection for each message: there are few. */
  async #connect(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer');
    const { host, port, tls, user, password } = this.#settings;
    return createTransport({
      host,
      port,
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

/** What the server said; else what went wrong on the way. No line of either has the password. */
function said({ message, response }: Error & { code?: string; response?: string }): string {
  return (response ?? message).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, SAID_MAX_CHARS);
}
