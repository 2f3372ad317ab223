/**
 * The tables of an installation and their columns, by what they are, with the names that installations have for them:
 * that of BlobDeltaJobs first, then those of its later versions and of BlobMigration. Names are one name whatever their
 * case.
 */

interface Names {
  readonly names: readonly string[]
  /** the import cannot do without it; where its table is there */
  readonly required?: true
}

export interface TableNames extends Names {
  readonly columns: Readonly<Record<string, Names>>
}

const column = (...names: readonly string[]): Names => ({ names })
const required = (...names: readonly string[]): Names => ({ names, required: true })

export const INSTALLATION = {
  config: {
    names: ['BlobDeltaTableConfig', 'TableConfig', 'BlobMigrationTableConfig'],
    required: true,
    columns: {
      table: required('TableName', 'LogicalTableName'),
      sourceDatabase: required('SourceDatabase', 'SourceDatabaseName', 'SourceDb'),
      sourceSchema: required('SourceSchema', 'SourceSchemaName'),
      sourceTable: required('SourceTable', 'SourceTableName'),
      targetDatabase: required('TargetDatabase', 'TargetDatabaseName', 'TargetDb'),
      targetSchema: required('TargetSchema', 'TargetSchemaName'),
      targetTable: required('TargetTable', 'TargetTableName'),
      metadataDatabase: required('MetadataDatabase', 'MetadataDatabaseName', 'MetadataDb'),
      metadataSchema: required('MetadataSchema', 'MetadataSchemaName'),
      metadataTable: required('MetadataTable', 'MetadataTableName'),
      metadataId: required('MetadataIdColumn', 'MetadataIdCol', 'MetadataKeyColumn'),
      modifiedOn: column('MetadataModifiedOnColumn', 'MetadataModifiedOnCol', 'ModifiedOnColumn', 'ModifiedOnCol'),
      unitColumn: column('MetadataBusinessUnitColumn', 'BusinessUnitIdColumn', 'OwningBusinessUnitColumn'),
      unitDatabase: column('BusinessUnitDatabase', 'BusinessUnitDatabaseName'),
      unitSchema: column('BusinessUnitSchema', 'BusinessUnitSchemaName'),
      unitTable: column('BusinessUnitTable', 'BusinessUnitTableName'),
      bufferMinutes: column('SafetyBufferMinutes', 'BufferMinutes'),
      batchSize: column('BatchSize'),
      maxDop: column('MaxDOP'),
      order: column('ExecutionOrder', 'ProcessingOrder', 'SortOrder', 'TableOrder'),
      updates: column('IncludeUpdatesInDelta', 'IncludeUpdates'),
      deletes: column('IncludeDeletesInDelta', 'IncludeDeletes'),
      excluded: column('ExcludedStreamId'),
      active: column('IsActive', 'Active', 'IsEnabled'),
    },
  },
  watermark: {
    names: ['BlobDeltaHighWatermark', 'HighWatermark'],
    columns: {
      table: required('TableName', 'LogicalTableName'),
      unit: column('BusinessUnitId', 'BusinessUnit'),
      position: required(
        'LastHighWaterModifiedOn',
        'HighWaterModifiedOn',
        'LastModifiedOn',
        'HighWatermark',
        'ModifiedOn',
      ),
      running: column('IsRunning'),
      leaseUntil: column('RunLeaseExpiresAt', 'LeaseExpiresAt'),
    },
  },
  stepScript: {
    names: ['BlobDeltaStepScript', 'StepScript', 'BlobMigrationStepScript'],
    columns: {
      step: required('StepNumber', 'Step'),
      kind: column('ScriptKind', 'StageName'),
      table: column('TableName'),
      body: required('ScriptBody', 'ScriptText', 'Script'),
      active: column('IsActive'),
    },
  },
  queueScript: {
    names: ['BlobDeltaQueuePopulationScript', 'QueuePopulationScript', 'BlobMigrationQueuePopulationScript'],
    columns: {
      table: required('TableName'),
      body: required('ScriptBody', 'ScriptText', 'Script'),
      active: column('IsActive'),
    },
  },
  errorPolicy: {
    names: ['BlobDeltaErrorPolicy', 'ErrorPolicy'],
    columns: {
      number: column('ErrorNumber'),
      pattern: column('ErrorMessagePattern', 'MessagePattern'),
      step: column('AppliesToStep', 'StepNumber', 'Step'),
      table: column('AppliesToTableName', 'TableName'),
      fatal: required('IsFatal', 'Fatal'),
    },
  },
  targetDatabase: {
    names: ['BlobDeltaTargetDatabases', 'TargetDatabases'],
    columns: { database: required('TargetDatabase', 'DatabaseName'), extract: required('Extract', 'IsActive') },
  },
} as const satisfies Readonly<Record<string, TableNames>>

export type InstallationTable = keyof typeof INSTALLATION

/** Tables whose rows are only counted: their history stays where it is. */
export const COUNTED = {
  run: ['BlobDeltaRun', 'Run'],
  runStep: ['BlobDeltaRunStep', 'RunStep'],
  progress: ['BlobMigrationProgress'],
  queue: ['BlobDeltaMissingParentsQueue', 'MissingParentsQueue', 'BlobMigration_MissingParentsQueue'],
  deletionLog: ['BlobDeltaDeletionLog', 'DeletionLog'],
  errorLog: ['BlobDeltaErrorLog', 'ErrorLog'],
} as const
export type CountedTable = keyof typeof COUNTED

/** Of business units, where a configuration does not name it: in the database and schema of the target. */
export const UNIT_TABLE = 'LA_BU'
/** of that table */
export const UNIT_COLUMN = 'businessunit'
/** of the metadata */
export const OWNING_UNIT = 'OwningBusinessUnit'
