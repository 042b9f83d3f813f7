import {configureGlobal} from 'fast-check'

// Property tests draw the same values in every run, so that CI is red for what changed and nothing else; FC_SEED draws others.
configureGlobal({seed: Number(process.env['FC_SEED'] ?? 20_261_122)})
