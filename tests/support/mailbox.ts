import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** A real mail server, and everything it was handed, as one text per mail. */
export type Mailbox = {
  url: string;
  received: string[];
  /** What it does with mail from now on. swallow: takes it, and hangs up without an answer. refuse: not this address, ever. */
  behave(how: "take" | "swallow" | "refuse"): void;
  stop(): Promise<void>;
};

/** @param port one of your choosing, such as that of a server that was down; else a free one */
export async function openMailbox({ port: wanted = 0 }: { port?: number } = {}): Promise<Mailbox> {
  const received: string[] = [];
  let manner: "take" | "swallow" | "refuse" = "take";
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo(_address, _session, done) {
      done(
        manner === "refuse" ? Object.assign(new Error("No such person here."), { responseCode: 550 }) : null,
      );
    },
    onData(stream, _session, done) {
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (part: string) => {
        text += part;
      });
      stream.on("end", () => {
        // Quoted-printable folds long lines; unfolding is all a reader of ours needs.
        received.push(text.replaceAll("=\r\n", "").replaceAll("=3D", "="));
        if (manner === "swallow") for (const { _socket } of smtp.connections) _socket.destroy();
        else done();
      });
    },
  });
  // A client that is cut off complains here too.
  smtp.on("error", () => undefined);
  const server = smtp.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  // safe: a listening TCP server has an address of this kind
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    behave: (how) => {
      manner = how;
    },
    stop: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  };
}
