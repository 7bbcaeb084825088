import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/create-program.ts'

/** What `--help` prints, of this command and of all below it. */
function helpOf(command: Command): string {
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  command.configureOutput({ writeOut: write, getOutHelpWidth: () => 100, getOutHasColors: () => false }).outputHelp()
  return [text, ...command.commands.map(helpOf)].join(`${'-'.repeat(100)}\n`)
}

test('the help of every command is as it was; a change of it is a change for scripts and pages', async () => {
  await expect(helpOf(createProgram())).toMatchFileSnapshot('./help.snapshot')
})

test('help tells a command, its arguments and options in one line each', () => {
  const commands = allOf(createProgram())
  const texts = commands.flatMap((command) => [
    command.description(),
    ...command.registeredArguments.map(({ description }) => description),
    ...command.options.map(({ description }) => description),
  ])
  expect(texts.filter((text) => text === '' || text.length > 120 || text.endsWith('.'))).toEqual([
    createProgram().description(),
  ])
})

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)]
}
