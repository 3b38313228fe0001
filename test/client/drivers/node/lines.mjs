// The input of a driver: commands, one on each line, each answered before the next one is read.
import { createInterface } from 'node:readline';

export async function answer(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    console.log(JSON.stringify(await commands[command.command](command)));
  }
}
