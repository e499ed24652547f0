"""journal lines of personal data: a copy taken, an account erased

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

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
            'itineriz:route:unshared', 'accounts:company:closed', 'accounts:company:reopened',
            'accounts:staff:invited', 'accounts:staff:invitation_cancelled', 'accounts:staff:sessions_ended',
            'fleet:import:undone', 'fleet:vehicle:bulk_updated', 'fleet:loan:offered', 'fleet:loan:accepted',
            'fleet:loan:declined', 'fleet:loan:ended', 'cirqliz:request:claimed', 'cirqliz:request:released',
            'cirqliz:request:information_asked', 'cirqliz:request:information_given', 'cirqliz:request:expired',
            'cirqliz:request:appealed', 'cirqliz:request:reopened', 'cirqliz:batch:prepared', 'cirqliz:batch:applied',
            'cirqliz:batch:undone', 'cirqliz:rule:added', 'cirqliz:rule:changed', 'cirqliz:rule:retired',
            'cirqliz:quota:changed', 'cirqliz:settings:changed', 'cirqliz:pass:suspended', 'cirqliz:pass:resumed',
            'cirqliz:pass:swapped', 'cirqliz:rule:applied', 'numeriz:order:published', 'numeriz:order:amended',
            'numeriz:order:withdrawn', 'numeriz:order:signed', 'numeriz:order:switched', 'numeriz:order:pushed',
            'numeriz:perimeter:changed', 'numeriz:bay:changed')
NEW_TAGS = ('accounts:user:data_taken', 'accounts:user:erased')

_GUARDED = ('audit_entry', 'audit_seal')
_REFUSAL = 'the journal is append-only'


def _guard_journal() -> None:
    """Let the database refuse again to change or remove a line of the journal: a rebuilt table has lost its triggers."""
    if op.get_bind().dialect.name == 'postgresql':
        for table in _GUARDED:
            op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    for table in _GUARDED:
        for act in ('update', 'delete'):
            op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}"
                       f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def _release_journal() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for table in _GUARDED:
            op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    for table in _GUARDED:
        for act in ('update', 'delete'):
            op.execute(f"DROP TRIGGER {table}_no_{act}")


def _tags(values) -> None:
    with op.batch_alter_table('audit_entry') as batch:
        batch.drop_constraint(op.f('ck_audit_entry_audittag'), type_='check')
        batch.create_check_constraint(op.f('ck_audit_entry_audittag'), f"tag IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    _release_journal()
    _tags((*OLD_TAGS, *NEW_TAGS))
    _guard_journal()


def downgrade() -> None:
    _release_journal()
    # The chain ends before the first line that the older portal has no word for: it seals anew from there.
    unknown = f"tag IN ({', '.join(map(repr, NEW_TAGS))})"
    op.execute("DELETE FROM audit_seal WHERE number >= (SELECT MIN(s.number) FROM audit_seal AS s"
               f" JOIN audit_entry AS e ON e.id = s.entry_id WHERE e.{unknown})")
    op.execute(f"DELETE FROM audit_entry WHERE {unknown}")
    _tags(OLD_TAGS)
    _guard_journal()
