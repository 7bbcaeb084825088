import type { Command } from 'commander'
import type { EvalFlags } from '../eval/evaluate.ts'
import { runCommand } from '../run.ts'

export function addEval(program: Command): void {
  program
    .command('eval')
    .argument(
      '<dir>',
      'folder with queries.jsonl, qrels.tsv and, unless it asks about what is indexed here, corpus.jsonl',
    )
    .option('--legs', 'judge each leg alone, too')
    .option('--save <name>', 'keep this run, to compare with')
    .option('--against <name>', 'compare with a run that was kept')
    .description('Judge retrieval on a collection in the manner of BEIR, or on golden questions')
    .action(async (dir: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<EvalFlags>()
      await runCommand(flags, async (run) => {
        const { evaluate } = await import('../eval/evaluate.ts')
        await evaluate(run, dir, flags)
      })
    })
}
