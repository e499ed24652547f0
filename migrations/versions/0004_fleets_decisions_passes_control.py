"""fleet files, loans, decisions by rule and by batch, passes that may be suspended, control without network

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
OLD_TAGS = ('territories:territory:added', 'territories:territory:built', 'territories:territory:updated',
            'territories:territory:removed', 'accounts:user:registered', 'accounts:user:confirmed',
            'accounts:user:password_changed', 'accounts:company:registered', 'accounts:company:updated',
            'accounts:company:verified', 'accounts:company:refused', 'accounts:member:invited',
            'accounts:member:joined', 'accounts:member:removed', 'accounts:member:changed', 'accounts:staff:added',
            'accounts:staff:removed', 'fleet:vehicle:added', 'fleet:vehicle:updated', 'fleet:vehicle:archived',
            'fleet:vehicle:restored', 'fleet:import:applied', 'numeriz:perimeter:imported', 'numeriz:order:imported',
            'numeriz:bay:imported', 'cirqliz:request:submitted', 'cirqliz:request:withdrawn',
            'cirqliz:request:decided', 'cirqliz:pass:issued', 'cirqliz:pass:revoked', 'numeriz:event:imported',
            'numeriz:feed:added', 'numeriz:feed:changed', 'numeriz:feed:removed', 'itineriz:route:shared',
            'itineriz:route:unshared')
NEW_TAGS = ('accounts:company:closed', 'accounts:company:reopened', 'accounts:staff:invited',
            'accounts:staff:invitation_cancelled', 'accounts:staff:sessions_ended', 'fleet:import:undone',
            'fleet:vehicle:bulk_updated', 'fleet:loan:offered', 'fleet:loan:accepted', 'fleet:loan:declined',
            'fleet:loan:ended', 'cirqliz:request:claimed', 'cirqliz:request:released',
            'cirqliz:request:information_asked', 'cirqliz:request:information_given', 'cirqliz:request:expired',
            'cirqliz:request:appealed', 'cirqliz:request:reopened', 'cirqliz:batch:prepared',
            'cirqliz:batch:applied', 'cirqliz:batch:undone', 'cirqliz:rule:added', 'cirqliz:rule:changed',
            'cirqliz:rule:retired', 'cirqliz:rule:applied', 'cirqliz:quota:changed', 'cirqliz:settings:changed', 'cirqliz:pass:suspended',
            'cirqliz:pass:resumed', 'cirqliz:pass:swapped')
# Lists that grew: table, constraint, column, what it could hold and what is new.
LISTS = (
    ('access_request', 'requeststate', 'state',
     ('submitted', 'ready', 'not_needed', 'approved', 'partly_approved', 'refused', 'withdrawn'),
     ('under_review', 'information_asked', 'expired')),
    ('request_vehicle', 'refusalreason', 'reason_code',
     ('reason_insufficient', 'vehicle_not_allowed', 'perimeter_closed', 'dates_not_allowed', 'company_not_verified', 'duplicate', 'other'),
     ('quota_reached', 'document_missing')),
    ('access_pass', 'passstate', 'state',
     ('active', 'revoked'),
     ('suspended',)),
    ('access_pass', 'revocationreason', 'revoke_reason',
     ('misuse', 'decision_changed', 'perimeter_changed', 'company_closed', 'other', 'given_back', 'plate_changed', 'vehicle_archived'),
     ('plate_swapped', 'loan_ended')),
    ('pass_check', 'checkmethod', 'method',
     ('scan', 'plate', 'number'),
     ('code',)),
    ('fleet_import', 'importstate', 'state',
     ('checking', 'unreadable', 'checked', 'applying', 'applied', 'discarded'),
     ('mapping', 'undone')),
)


def _holds(batch, table, constraint, column, values):
    batch.drop_constraint(op.f(f"ck_{table}_{constraint}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{constraint}"), f"{column} IN ({', '.join(map(repr, values))})")


def _lists(table, grown):
    with op.batch_alter_table(table) as batch:
        for of, constraint, column, old, new in LISTS:
            if of == table:
                _holds(batch, table, constraint, column, (*old, *new) if grown else old)



_GUARDED = ('audit_entry', 'audit_seal')
_REFUSAL = 'the journal is append-only'


def _guard_journal() -> None:
    """Let the database refuse to change or remove a line of the journal, whoever asks."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
                   f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$")
        for table in _GUARDED:
            op.execute(f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
                       " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()")
            op.execute(f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
                       " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()")
        return
    for table in _GUARDED:
        for act in ('update', 'delete'):
            op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
                       f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def _release_journal() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for table in _GUARDED:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
        op.execute("DROP FUNCTION journal_is_append_only()")
        return
    for table in _GUARDED:
        for act in ('update', 'delete'):
            op.execute(f"DROP TRIGGER {table}_no_{act}")


def upgrade() -> None:
    op.create_table('audit_seal',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('sealed_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('entry_id', name=op.f('uq_audit_seal_entry_id'))
    )
    op.create_table('access_settings',
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('sample_percent', sa.Integer(), nullable=False),
    sa.Column('appeal_days', sa.Integer(), nullable=False),
    sa.Column('undo_min', sa.Integer(), nullable=False),
    sa.Column('asks_driver_name', sa.Boolean(), nullable=False),
    sa.Column('sync_hours', sa.Integer(), nullable=False),
    sa.Column('scan_retention_days', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('appeal_days BETWEEN 0 AND 365', name=op.f('ck_access_settings_appeal_days')),
    sa.CheckConstraint('sample_percent BETWEEN 0 AND 100', name=op.f('ck_access_settings_sample_percent')),
    sa.CheckConstraint('scan_retention_days BETWEEN 1 AND 365', name=op.f('ck_access_settings_scan_retention_days')),
    sa.CheckConstraint('sync_hours BETWEEN 1 AND 168', name=op.f('ck_access_settings_sync_hours')),
    sa.CheckConstraint('undo_min BETWEEN 0 AND 60', name=op.f('ck_access_settings_undo_min')),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_access_settings_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('territory_id', name=op.f('pk_access_settings'))
    )
    op.create_table('check_count',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('tone', sa.String(length=8), nullable=False),
    sa.Column('result', sa.String(length=32), nullable=False),
    sa.Column('looks', sa.Integer(), nullable=False),
    sa.CheckConstraint('hour BETWEEN 0 AND 23', name=op.f('ck_check_count_hour')),
    sa.CheckConstraint('looks > 0', name=op.f('ck_check_count_looks')),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_check_count_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_count')),
    sa.UniqueConstraint('territory_id', 'day', 'hour', 'place', 'tone', 'result', name=op.f('uq_check_count_territory_id_day_hour_place_tone_result'))
    )
    op.create_table('column_memory',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('headers_digest', sa.String(length=64), nullable=False),
    sa.Column('mapping', JSON, nullable=False),
    sa.Column('used_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_column_memory_company_id_company'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_column_memory')),
    sa.UniqueConstraint('company_id', 'headers_digest', name=op.f('uq_column_memory_company_id_headers_digest'))
    )
    op.create_table('decision_batch',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('form_key', sa.String(length=64), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'applied', 'undone', name='batchstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('decision', sa.Enum('pending', 'approved', 'refused', name='vehicledecision', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('reason_code', sa.Enum('reason_insufficient', 'vehicle_not_allowed', 'perimeter_closed', 'dates_not_allowed', 'company_not_verified', 'duplicate', 'quota_reached', 'document_missing', 'other', name='refusalreason', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_by_label', sa.String(length=255), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('apply_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("(decision = 'refused') = (reason_code IS NOT NULL)", name=op.f('ck_decision_batch_refused_with_reason')),
    sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f('ck_decision_batch_ended_at')),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_decision_batch_created_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_decision_batch_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_decision_batch_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision_batch')),
    sa.UniqueConstraint('territory_id', 'form_key', name=op.f('uq_decision_batch_territory_id_form_key'))
    )
    with op.batch_alter_table('decision_batch') as batch:
        batch.create_index('ix_decision_batch_state_apply_at', ['state', 'apply_at'], unique=False)

    op.create_table('decision_rule',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('family_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('conditions', JSON, nullable=False),
    sa.Column('outcome', sa.Enum('approve', 'human', name='ruleoutcome', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_by_label', sa.String(length=255), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('retired_at', INSTANT, nullable=True),
    sa.CheckConstraint('number > 0', name=op.f('ck_decision_rule_number')),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_decision_rule_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision_rule')),
    sa.UniqueConstraint('family_id', 'number', name=op.f('uq_decision_rule_family_id_number'))
    )
    with op.batch_alter_table('decision_rule') as batch:
        batch.create_index('ix_decision_rule_territory_id_retired_at', ['territory_id', 'retired_at', 'position'], unique=False)

    op.create_table('pass_sheet',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Enum('queued', 'done', 'failed', name='sheetstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('wanted', JSON, nullable=False),
    sa.Column('passes', sa.Integer(), nullable=True),
    sa.Column('file_key', sa.String(length=80), nullable=True),
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint("(state = 'done') = (file_key IS NOT NULL)", name=op.f('ck_pass_sheet_file_key')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_pass_sheet_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_pass_sheet_created_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_pass_sheet_job_id_job')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pass_sheet'))
    )
    with op.batch_alter_table('pass_sheet') as batch:
        batch.create_index('ix_pass_sheet_company_id_created_at', ['company_id', 'created_at'], unique=False)

    op.create_table('perimeter_quota',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('perimeter_id', sa.String(length=64), nullable=False),
    sa.Column('from_min', sa.Integer(), nullable=False),
    sa.Column('to_min', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint('0 <= from_min AND from_min < to_min AND to_min <= 1440', name=op.f('ck_perimeter_quota_hours')),
    sa.CheckConstraint('most >= 0', name=op.f('ck_perimeter_quota_most')),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_perimeter_quota_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_perimeter_quota')),
    sa.UniqueConstraint('territory_id', 'perimeter_id', 'from_min', name=op.f('uq_perimeter_quota_territory_id_perimeter_id_from_min'))
    )
    op.create_table('saved_view',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('query', JSON, nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_saved_view_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_saved_view_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view')),
    sa.UniqueConstraint('account_id', 'territory_id', 'name', name=op.f('uq_saved_view_account_id_territory_id_name'))
    )
    op.create_table('fleet_bulk_edit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('by_label', sa.String(length=255), nullable=False),
    sa.Column('vehicles', sa.Integer(), nullable=False),
    sa.Column('undone_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_fleet_bulk_edit_company_id_company'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fleet_bulk_edit'))
    )
    with op.batch_alter_table('fleet_bulk_edit') as batch:
        batch.create_index('ix_fleet_bulk_edit_company_id_at', ['company_id', 'at'], unique=False)

    op.create_table('vehicle_change',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('vehicle_id', sa.Uuid(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('by_label', sa.String(length=255), nullable=False),
    sa.Column('source', sa.Enum('form', 'import', 'bulk', 'undo', name='changesource', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=True),
    sa.Column('bulk_id', sa.Uuid(), nullable=True),
    sa.Column('before', JSON, nullable=True),
    sa.Column('after', JSON, nullable=False),
    sa.ForeignKeyConstraint(['bulk_id'], ['fleet_bulk_edit.id'], name=op.f('fk_vehicle_change_bulk_id_fleet_bulk_edit'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['import_id'], ['fleet_import.id'], name=op.f('fk_vehicle_change_import_id_fleet_import'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['vehicle_id'], ['vehicle.id'], name=op.f('fk_vehicle_change_vehicle_id_vehicle'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vehicle_change'))
    )
    with op.batch_alter_table('vehicle_change') as batch:
        batch.create_index('ix_vehicle_change_bulk_id', ['bulk_id'], unique=False)
        batch.create_index('ix_vehicle_change_import_id', ['import_id'], unique=False)
        batch.create_index('ix_vehicle_change_vehicle_id_at', ['vehicle_id', 'at'], unique=False)

    op.create_index('ix_vehicle_company_id_plate', 'vehicle', ['company_id', 'plate', 'id'], unique=False)

    op.create_table('vehicle_loan',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('vehicle_id', sa.Uuid(), nullable=False),
    sa.Column('lender_id', sa.Uuid(), nullable=False),
    sa.Column('borrower_siret', sa.String(length=14), nullable=False),
    sa.Column('borrower_id', sa.Uuid(), nullable=True),
    sa.Column('starts_at', INSTANT, nullable=False),
    sa.Column('ends_at', INSTANT, nullable=False),
    sa.Column('state', sa.Enum('offered', 'accepted', 'declined', 'ended', name='loanstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f('ck_vehicle_loan_ended_at')),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_vehicle_loan_dates')),
    sa.CheckConstraint('lender_id <> borrower_id', name=op.f('ck_vehicle_loan_two_companies')),
    sa.CheckConstraint("state NOT IN ('accepted', 'declined') OR borrower_id IS NOT NULL", name=op.f('ck_vehicle_loan_borrower_known')),
    sa.CheckConstraint('length(borrower_siret) = 14', name=op.f('ck_vehicle_loan_siret_length')),
    sa.ForeignKeyConstraint(['borrower_id'], ['company.id'], name=op.f('fk_vehicle_loan_borrower_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['lender_id'], ['company.id'], name=op.f('fk_vehicle_loan_lender_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['vehicle_id'], ['vehicle.id'], name=op.f('fk_vehicle_loan_vehicle_id_vehicle'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vehicle_loan'))
    )
    with op.batch_alter_table('vehicle_loan') as batch:
        batch.create_index('ix_vehicle_loan_lender_id_created_at', ['lender_id', 'created_at'], unique=False)
        batch.create_index('ix_vehicle_loan_borrower_siret_created_at', ['borrower_siret', 'created_at'], unique=False)
        batch.create_index('ix_vehicle_loan_borrower_id_state', ['borrower_id', 'state', 'ends_at'], unique=False)
        batch.create_index('ix_vehicle_loan_vehicle_id_ends_at', ['vehicle_id', 'ends_at'], unique=False)

    op.create_table('automatic_decision',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('rule_id', sa.Uuid(), nullable=True),
    sa.Column('facts', JSON, nullable=False),
    sa.Column('outcome', sa.Enum('approve', 'human', name='ruleoutcome', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('sampled', sa.Boolean(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'], name=op.f('fk_automatic_decision_request_id_access_request'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['rule_id'], ['decision_rule.id'], name=op.f('fk_automatic_decision_rule_id_decision_rule'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_automatic_decision_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_automatic_decision'))
    )
    with op.batch_alter_table('automatic_decision') as batch:
        batch.create_index('ix_automatic_decision_request_id_at', ['request_id', 'at'], unique=False)
        batch.create_index('ix_automatic_decision_territory_id_at', ['territory_id', 'at'], unique=False)

    op.create_table('batch_item',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('batch_id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['decision_batch.id'], name=op.f('fk_batch_item_batch_id_decision_batch'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'], name=op.f('fk_batch_item_request_id_access_request'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_item')),
    sa.UniqueConstraint('batch_id', 'request_id', name=op.f('uq_batch_item_batch_id_request_id'))
    )
    with op.batch_alter_table('batch_item') as batch:
        batch.create_index('ix_batch_item_request_id', ['request_id'], unique=False)

    op.create_table('reexamination',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('cause', sa.Enum('appeal', 'rule_changed', 'calendar_changed', 'vehicle_changed', name='reexaminationcause', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('before', JSON, nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=True),
    sa.Column('opened_by_label', sa.String(length=255), nullable=False),
    sa.Column('opened_at', INSTANT, nullable=False),
    sa.Column('closed_at', INSTANT, nullable=True),
    sa.CheckConstraint("cause <> 'appeal' OR length(text) > 0", name=op.f('ck_reexamination_appeal_explained')),
    sa.ForeignKeyConstraint(['opened_by'], ['account.id'], name=op.f('fk_reexamination_opened_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'], name=op.f('fk_reexamination_request_id_access_request'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reexamination'))
    )
    with op.batch_alter_table('reexamination') as batch:
        batch.create_index('ix_reexamination_request_id_opened_at', ['request_id', 'opened_at'], unique=False)

    op.create_table('request_draft',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('form_key', sa.String(length=64), nullable=False),
    sa.Column('typed', JSON, nullable=False),
    sa.Column('renewed_from', sa.Uuid(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_request_draft_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_request_draft_created_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['renewed_from'], ['access_request.id'], name=op.f('fk_request_draft_renewed_from_access_request'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_request_draft_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_draft'))
    )
    with op.batch_alter_table('request_draft') as batch:
        batch.create_index('ix_request_draft_company_id_updated_at', ['company_id', 'updated_at'], unique=False)

    op.create_table('request_message',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('side', sa.Enum('company', 'staff', name='messageside', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=True),
    sa.Column('author_label', sa.String(length=255), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('asks', sa.Boolean(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.CheckConstraint('length(text) > 0', name=op.f('ck_request_message_text')),
    sa.ForeignKeyConstraint(['author_id'], ['account.id'], name=op.f('fk_request_message_author_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'], name=op.f('fk_request_message_request_id_access_request'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_message'))
    )
    with op.batch_alter_table('request_message') as batch:
        batch.create_index('ix_request_message_request_id_at', ['request_id', 'at', 'id'], unique=False)

    op.create_table('request_document',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=True),
    sa.Column('draft_id', sa.Uuid(), nullable=True),
    sa.Column('file_name', sa.String(length=160), nullable=False),
    sa.Column('file_key', sa.String(length=80), nullable=False),
    sa.Column('media_type', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('added_by', sa.String(length=255), nullable=False),
    sa.Column('added_at', INSTANT, nullable=False),
    sa.CheckConstraint('(request_id IS NULL) <> (draft_id IS NULL)', name=op.f('ck_request_document_one_owner')),
    sa.CheckConstraint('size_bytes > 0', name=op.f('ck_request_document_size_bytes')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_request_document_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['draft_id'], ['request_draft.id'], name=op.f('fk_request_document_draft_id_request_draft'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'], name=op.f('fk_request_document_request_id_access_request'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_document'))
    )
    with op.batch_alter_table('request_document') as batch:
        batch.create_index('ix_request_document_draft_id', ['draft_id'], unique=False)
        batch.create_index('ix_request_document_request_id', ['request_id'], unique=False)

    with op.batch_alter_table('access_pass') as batch:
        batch.add_column(sa.Column('short_code', sa.String(length=10), nullable=True))
        batch.add_column(sa.Column('driver_name', sa.String(length=120), nullable=False, server_default=''))
        batch.add_column(sa.Column('swapped_from', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('suspend_reason', sa.String(length=32), nullable=True))
        batch.add_column(sa.Column('changed_at', INSTANT, nullable=True))
        batch.alter_column('token',
               existing_type=sa.VARCHAR(length=170),
               type_=sa.String(length=260),
               existing_nullable=False)
        batch.drop_constraint(batch.f('uq_access_pass_request_id_vehicle_id'), type_='unique')
        batch.create_index('ix_access_pass_territory_id_state_valid_to', ['territory_id', 'state', 'valid_to'], unique=False)
        batch.create_index('uq_access_pass_living', ['request_id', 'vehicle_id'], unique=True, sqlite_where=sa.text("state <> 'revoked'"), postgresql_where=sa.text("state <> 'revoked'"))
        batch.create_unique_constraint(batch.f('uq_access_pass_short_code'), ['short_code'])
        batch.create_unique_constraint(batch.f('uq_access_pass_swapped_from'), ['swapped_from'])
        batch.create_foreign_key(batch.f('fk_access_pass_swapped_from_access_pass'), 'access_pass', ['swapped_from'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('access_request') as batch:
        batch.alter_column('route_id', existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column('claimed_by', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('claimed_by_label', sa.String(length=255), nullable=True))
        batch.add_column(sa.Column('claimed_at', INSTANT, nullable=True))
        batch.add_column(sa.Column('batch_id', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('renewed_from', sa.Uuid(), nullable=True))
        batch.create_index('ix_access_request_renewed_from', ['renewed_from'], unique=False)
        batch.create_foreign_key(batch.f('fk_access_request_batch_id_decision_batch'), 'decision_batch', ['batch_id'], ['id'], ondelete='SET NULL')
        batch.create_foreign_key(batch.f('fk_access_request_claimed_by_account'), 'account', ['claimed_by'], ['id'], ondelete='SET NULL')
        batch.create_foreign_key(batch.f('fk_access_request_renewed_from_access_request'), 'access_request', ['renewed_from'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('fleet_import') as batch:
        batch.add_column(sa.Column('mapping', JSON, nullable=True))
        batch.add_column(sa.Column('fixes', JSON, nullable=False, server_default=sa.text("'{}'")))
        batch.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch.add_column(sa.Column('undone_at', INSTANT, nullable=True))

    with op.batch_alter_table('pass_check') as batch:
        batch.add_column(sa.Column('received_at', INSTANT, nullable=True))
        batch.add_column(sa.Column('place', sa.String(length=120), nullable=False, server_default=''))
        batch.add_column(sa.Column('offline', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.create_index('ix_pass_check_territory_id_at', ['territory_id', 'at'], unique=False)

    with op.batch_alter_table('request_perimeter') as batch:
        batch.add_column(sa.Column('asked', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('request_vehicle') as batch:
        batch.add_column(sa.Column('driver_name', sa.String(length=120), nullable=False, server_default=''))
        batch.add_column(sa.Column('driver_email', sa.String(length=320), nullable=False, server_default=''))
    op.execute("UPDATE access_pass SET changed_at = COALESCE(revoked_at, issued_at)")
    op.execute("UPDATE pass_check SET received_at = at")
    with op.batch_alter_table('access_pass') as batch:
        batch.alter_column('changed_at', existing_type=INSTANT, nullable=False)
        batch.create_check_constraint(batch.f('ck_access_pass_suspensionreason'), "suspend_reason IN ('company_closed', 'vehicle_changed')")
        batch.create_check_constraint(batch.f('ck_access_pass_suspended'), "(state = 'suspended') = (suspend_reason IS NOT NULL)")
    with op.batch_alter_table('pass_check') as batch:
        batch.alter_column('received_at', existing_type=INSTANT, nullable=False)
    with op.batch_alter_table('access_request') as batch:
        batch.create_check_constraint(batch.f('ck_access_request_claimed'), "(claimed_at IS NULL) = (claimed_by_label IS NULL)")
        batch.create_check_constraint(batch.f('ck_access_request_under_review'), "state <> 'under_review' OR claimed_at IS NOT NULL")
    for table in dict.fromkeys(one[0] for one in LISTS):
        _lists(table, grown=True)
    with op.batch_alter_table('audit_entry') as batch:
        _holds(batch, 'audit_entry', 'audittag', 'tag', (*OLD_TAGS, *NEW_TAGS))
        batch.drop_constraint(batch.f('fk_audit_entry_territory_id_territory'), type_='foreignkey')
        batch.drop_constraint(batch.f('fk_audit_entry_company_id_company'), type_='foreignkey')
    _guard_journal()


def downgrade() -> None:
    _release_journal()
    op.execute("UPDATE audit_entry SET territory_id = NULL WHERE territory_id NOT IN (SELECT id FROM territory)")
    op.execute("UPDATE audit_entry SET company_id = NULL WHERE company_id NOT IN (SELECT id FROM company)")
    op.execute(f"DELETE FROM audit_entry WHERE tag IN ({', '.join(map(repr, NEW_TAGS))})")
    with op.batch_alter_table('audit_entry') as batch:
        _holds(batch, 'audit_entry', 'audittag', 'tag', OLD_TAGS)
        batch.create_foreign_key(batch.f('fk_audit_entry_territory_id_territory'), 'territory', ['territory_id'], ['id'], ondelete='SET NULL')
        batch.create_foreign_key(batch.f('fk_audit_entry_company_id_company'), 'company', ['company_id'], ['id'], ondelete='SET NULL')
    # What the older portal has no word for: a request in hand is one that waits, an expired one was withdrawn, a
    # suspended pass is taken back rather than given a right again.
    op.execute("UPDATE access_request SET state = 'ready' WHERE state IN ('under_review', 'information_asked')")
    op.execute("UPDATE access_request SET state = 'withdrawn', withdrawn_at = ends_at WHERE state = 'expired'")
    op.execute("UPDATE request_vehicle SET reason_code = 'other', reason_text = reason_code"
               " WHERE reason_code IN ('quota_reached', 'document_missing')")
    op.execute("UPDATE access_pass SET state = 'revoked', revoked_at = changed_at, revoke_reason = 'other',"
               " revoke_text = suspend_reason, suspend_reason = NULL WHERE state = 'suspended'")
    op.execute("UPDATE access_pass SET revoke_reason = 'other', revoke_text = revoke_reason"
               " WHERE revoke_reason IN ('plate_swapped', 'loan_ended')")
    # A longer code is of a layout the older portal cannot read, whole or cut.
    op.execute("UPDATE access_pass SET token = substr(token, 1, 170)")
    op.execute("UPDATE pass_check SET method = 'number' WHERE method = 'code'")
    op.execute("UPDATE fleet_import SET state = 'applied' WHERE state = 'undone'")
    op.execute("UPDATE fleet_import SET state = 'discarded' WHERE state = 'mapping'")
    with op.batch_alter_table('access_pass') as batch:
        batch.drop_constraint(batch.f('ck_access_pass_suspended'), type_='check')
        batch.drop_constraint(batch.f('ck_access_pass_suspensionreason'), type_='check')
    with op.batch_alter_table('access_request') as batch:
        batch.drop_constraint(batch.f('ck_access_request_under_review'), type_='check')
        batch.drop_constraint(batch.f('ck_access_request_claimed'), type_='check')
    for table in dict.fromkeys(one[0] for one in LISTS):
        _lists(table, grown=False)
    # A request without a tour: to the older portal, one whose route was purged.
    op.execute("UPDATE access_request SET route_id = id WHERE route_id IS NULL")
    with op.batch_alter_table('request_perimeter') as batch:
        batch.drop_column('asked')
    with op.batch_alter_table('request_vehicle') as batch:
        batch.drop_column('driver_email')
        batch.drop_column('driver_name')

    with op.batch_alter_table('pass_check') as batch:
        batch.drop_index('ix_pass_check_territory_id_at')
        batch.drop_column('offline')
        batch.drop_column('place')
        batch.drop_column('received_at')

    with op.batch_alter_table('fleet_import') as batch:
        batch.drop_column('undone_at')
        batch.drop_column('version')
        batch.drop_column('fixes')
        batch.drop_column('mapping')

    with op.batch_alter_table('access_request') as batch:
        batch.drop_constraint(batch.f('fk_access_request_renewed_from_access_request'), type_='foreignkey')
        batch.drop_constraint(batch.f('fk_access_request_claimed_by_account'), type_='foreignkey')
        batch.drop_constraint(batch.f('fk_access_request_batch_id_decision_batch'), type_='foreignkey')
        batch.drop_index('ix_access_request_renewed_from')
        batch.drop_column('renewed_from')
        batch.drop_column('batch_id')
        batch.drop_column('claimed_at')
        batch.drop_column('claimed_by_label')
        batch.drop_column('claimed_by')
        batch.alter_column('route_id', existing_type=sa.Uuid(), nullable=False)

    with op.batch_alter_table('access_pass') as batch:
        batch.drop_constraint(batch.f('fk_access_pass_swapped_from_access_pass'), type_='foreignkey')
        batch.drop_constraint(batch.f('uq_access_pass_swapped_from'), type_='unique')
        batch.drop_constraint(batch.f('uq_access_pass_short_code'), type_='unique')
        batch.drop_index('uq_access_pass_living', sqlite_where=sa.text("state <> 'revoked'"), postgresql_where=sa.text("state <> 'revoked'"))
        batch.drop_index('ix_access_pass_territory_id_state_valid_to')
        batch.create_unique_constraint(batch.f('uq_access_pass_request_id_vehicle_id'), ['request_id', 'vehicle_id'])
        batch.alter_column('token',
               existing_type=sa.String(length=260),
               type_=sa.VARCHAR(length=170),
               existing_nullable=False)
        batch.drop_column('changed_at')
        batch.drop_column('suspend_reason')
        batch.drop_column('swapped_from')
        batch.drop_column('driver_name')
        batch.drop_column('short_code')

    with op.batch_alter_table('request_document') as batch:
        batch.drop_index('ix_request_document_request_id')
        batch.drop_index('ix_request_document_draft_id')

    op.drop_table('request_document')
    with op.batch_alter_table('request_message') as batch:
        batch.drop_index('ix_request_message_request_id_at')

    op.drop_table('request_message')
    with op.batch_alter_table('request_draft') as batch:
        batch.drop_index('ix_request_draft_company_id_updated_at')

    op.drop_table('request_draft')
    with op.batch_alter_table('reexamination') as batch:
        batch.drop_index('ix_reexamination_request_id_opened_at')

    op.drop_table('reexamination')
    with op.batch_alter_table('batch_item') as batch:
        batch.drop_index('ix_batch_item_request_id')

    op.drop_table('batch_item')
    with op.batch_alter_table('automatic_decision') as batch:
        batch.drop_index('ix_automatic_decision_territory_id_at')
        batch.drop_index('ix_automatic_decision_request_id_at')

    op.drop_table('automatic_decision')
    with op.batch_alter_table('vehicle_loan') as batch:
        batch.drop_index('ix_vehicle_loan_vehicle_id_ends_at')
        batch.drop_index('ix_vehicle_loan_borrower_id_state')
        batch.drop_index('ix_vehicle_loan_borrower_siret_created_at')
        batch.drop_index('ix_vehicle_loan_lender_id_created_at')

    op.drop_table('vehicle_loan')
    op.drop_index('ix_vehicle_company_id_plate', 'vehicle')
    with op.batch_alter_table('vehicle_change') as batch:
        batch.drop_index('ix_vehicle_change_vehicle_id_at')
        batch.drop_index('ix_vehicle_change_import_id')
        batch.drop_index('ix_vehicle_change_bulk_id')

    op.drop_table('vehicle_change')
    with op.batch_alter_table('fleet_bulk_edit') as batch:
        batch.drop_index('ix_fleet_bulk_edit_company_id_at')

    op.drop_table('fleet_bulk_edit')
    op.drop_table('saved_view')
    op.drop_table('perimeter_quota')
    with op.batch_alter_table('pass_sheet') as batch:
        batch.drop_index('ix_pass_sheet_company_id_created_at')

    op.drop_table('pass_sheet')
    with op.batch_alter_table('decision_rule') as batch:
        batch.drop_index('ix_decision_rule_territory_id_retired_at')

    op.drop_table('decision_rule')
    with op.batch_alter_table('decision_batch') as batch:
        batch.drop_index('ix_decision_batch_state_apply_at')

    op.drop_table('decision_batch')
    op.drop_table('column_memory')
    op.drop_table('check_count')
    op.drop_table('access_settings')
    op.drop_table('audit_seal')
