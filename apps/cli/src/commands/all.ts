/** All commands, in the order and under the headings of `sluice --help`. */
import type { Command } from 'commander';

import { addApplyCommand } from './apply.ts';
import { addAuditCommand } from './audit.ts';
import { addAuthCommand } from './auth.ts';
import type { CommandContext } from './command.ts';
import { addCompletionCommand } from './completion.ts';
import { addCordonCommands } from './cordon.ts';
import { addDeleteCommand } from './delete.ts';
import { addDescribeCommand } from './describe.ts';
import { addDevCommand } from './dev.ts';
import { addDiffCommand } from './diff.ts';
import { addDlqCommand } from './dlq.ts';
import { addDoctorCommand } from './doctor.ts';
import { addDrainCommand } from './drain.ts';
import { addEditCommand } from './edit.ts';
import { addExportCommand } from './export.ts';
import { addGetCommand } from './get.ts';
import { addImportCommand } from './import.ts';
import { addLogCommand } from './log.ts';
import { addLoggersCommand } from './loggers.ts';
import { addNewCommand } from './new.ts';
import { addOffsetsCommand } from './offsets.ts';
import { addPlanCommand } from './plan.ts';
import { addPluginsCommand } from './plugins.ts';
import { addPreviewCommand } from './preview.ts';
import { addRecordsCommand } from './records.ts';
import { addRestartCommand } from './restart.ts';
import { addSecretsCommand } from './secrets.ts';
import { addStandaloneCommand } from './standalone.ts';
import { addTargetCommands } from './target.ts';
import { addTopCommand } from './top.ts';
import { addValidateCommand } from './validate.ts';

type AddCommand = (program: Command, context: CommandContext) => void;

const groups: Readonly<Record<string, readonly AddCommand[]>> = {
  'Look:': [
    addGetCommand,
    addDescribeCommand,
    addPluginsCommand,
    addTopCommand,
    addDoctorCommand,
    addAuditCommand,
  ],
  'Define:': [addApplyCommand, addPlanCommand, addDiffCommand, addValidateCommand, addEditCommand],
  'Operate:': [
    addTargetCommands,
    addRestartCommand,
    addDeleteCommand,
    addDrainCommand,
    addCordonCommands,
    addLoggersCommand,
    addSecretsCommand,
  ],
  'Records:': [addRecordsCommand, addOffsetsCommand, addLogCommand, addDlqCommand],
  'Move:': [addExportCommand, addImportCommand],
  'Write connectors:': [addNewCommand, addPreviewCommand, addDevCommand],
  'Run:': [addStandaloneCommand, addAuthCommand],
  'Shell:': [addCompletionCommand],
};

export function addCommands(program: Command, context: CommandContext): void {
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context);
  }
}
