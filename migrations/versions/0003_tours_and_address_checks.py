"""tours, saved places, days of stops from a file, address checks

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
OLD_TAGS = ('territories:territory:added', 'territories:territory:built', 'territories:territory:updated',
            'territories:territory:removed', 'accounts:user:registered', 'accounts:user:confirmed',
            'accounts:user:password_changed', 'accounts:company:registered', 'accounts:company:updated',
            'accounts:company:verified', 'accounts:company:refused', 'accounts:member:invited',
            'accounts:member:joined', 'accounts:member:removed', 'accounts:member:changed',
            'accounts:staff:added', 'accounts:staff:removed', 'fleet:vehicle:added', 'fleet:vehicle:updated',
            'fleet:vehicle:archived', 'fleet:vehicle:restored', 'fleet:import:applied',
            'numeriz:perimeter:imported', 'numeriz:order:imported', 'numeriz:bay:imported',
            'cirqliz:request:submitted', 'cirqliz:request:withdrawn', 'cirqliz:request:decided',
            'cirqliz:pass:issued', 'cirqliz:pass:revoked',
            'numeriz:event:imported', 'numeriz:feed:added', 'numeriz:feed:changed', 'numeriz:feed:removed')
NEW_TAGS = ('itineriz:route:shared', 'itineriz:route:unshared')


def _replace_tags(tags):
    with op.batch_alter_table('audit_entry') as batch:
        batch.drop_constraint(op.f('ck_audit_entry_audittag'), type_='check')
        batch.create_check_constraint(op.f('ck_audit_entry_audittag'), f"tag IN ({', '.join(repr(tag) for tag in tags)})")



def upgrade() -> None:
    _replace_tags((*OLD_TAGS, *NEW_TAGS))
    op.create_table('saved_place',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('lon', sa.Double(), nullable=False),
    sa.Column('lat', sa.Double(), nullable=False),
    sa.Column('service_min', sa.Integer(), nullable=False),
    sa.Column('windows', JSON, nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_saved_place_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_saved_place_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_place')),
    sa.UniqueConstraint('company_id', 'territory_id', 'label', name=op.f('uq_saved_place_company_id_territory_id_label'))
    )
    with op.batch_alter_table('saved_place') as batch:
        batch.create_index(batch.f('ix_saved_place_territory_id'), ['territory_id'], unique=False)

    op.create_table('address_check',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('vehicle_id', sa.Uuid(), nullable=True),
    sa.Column('vehicle_label', sa.String(length=120), nullable=False),
    sa.Column('vehicle', JSON, nullable=False),
    sa.Column('passes', JSON, nullable=False),
    sa.Column('week_start', sa.Date(), nullable=False),
    sa.Column('status', sa.Enum('queued', 'running', 'done', 'failed', 'cancelled', name='checkstatus', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('address_count', sa.Integer(), nullable=False),
    sa.Column('counts', JSON, nullable=False),
    sa.Column('input_key', sa.String(length=200), nullable=False),
    sa.Column('result_key', sa.String(length=200), nullable=True),
    sa.Column('law_version', sa.String(length=64), nullable=True),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('error_code', sa.String(length=64), nullable=True),
    sa.Column('error_params', JSON, nullable=True),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_address_check_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_address_check_created_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_address_check_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_address_check_territory_id_territory'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['vehicle_id'], ['vehicle.id'], name=op.f('fk_address_check_vehicle_id_vehicle'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address_check'))
    )
    with op.batch_alter_table('address_check') as batch:
        batch.create_index('ix_address_check_company_id_created_at', ['company_id', 'created_at'], unique=False)
        batch.create_index(batch.f('ix_address_check_territory_id'), ['territory_id'], unique=False)

    op.create_table('stops_upload',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('company_id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('file_key', sa.String(length=200), nullable=True),
    sa.Column('state', sa.Enum('reading', 'ready', 'used', 'failed', name='uploadstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('rows', JSON, nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('route_id', sa.Uuid(), nullable=True),
    sa.Column('error_code', sa.String(length=64), nullable=True),
    sa.Column('error_params', JSON, nullable=True),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_stops_upload_company_id_company'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_stops_upload_created_by_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_stops_upload_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['route_id'], ['route.id'], name=op.f('fk_stops_upload_route_id_route'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_stops_upload_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stops_upload'))
    )
    with op.batch_alter_table('stops_upload') as batch:
        batch.create_index(batch.f('ix_stops_upload_company_id'), ['company_id'], unique=False)
        batch.create_index(batch.f('ix_stops_upload_territory_id'), ['territory_id'], unique=False)

    with op.batch_alter_table('route') as batch:
        batch.add_column(sa.Column('arrive_by', INSTANT, nullable=True))
        batch.add_column(sa.Column('free_order', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column('return_to_start', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column('label', sa.String(length=120), nullable=False, server_default=''))
        batch.add_column(sa.Column('compared_with', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('checked_at', INSTANT, nullable=True))
        batch.add_column(sa.Column('checked_law', sa.String(length=64), nullable=True))
        batch.add_column(sa.Column('basis', sa.String(length=64), nullable=True))
        batch.add_column(sa.Column('changes', JSON, nullable=True))
        batch.add_column(sa.Column('share_serial', sa.Integer(), nullable=False, server_default='0'))
        batch.create_index(batch.f('ix_route_compared_with'), ['compared_with'], unique=False)
        batch.create_index('ix_route_territory_id_depart_at', ['territory_id', 'depart_at'], unique=False)
        batch.create_foreign_key(batch.f('fk_route_compared_with_route'), 'route', ['compared_with'], ['id'], ondelete='SET NULL')



def downgrade() -> None:
    op.execute("DELETE FROM audit_entry WHERE tag IN ('itineriz:route:shared', 'itineriz:route:unshared')")
    _replace_tags(OLD_TAGS)
    with op.batch_alter_table('route') as batch:
        batch.drop_constraint(batch.f('fk_route_compared_with_route'), type_='foreignkey')
        batch.drop_index('ix_route_territory_id_depart_at')
        batch.drop_index(batch.f('ix_route_compared_with'))
        batch.drop_column('share_serial')
        batch.drop_column('changes')
        batch.drop_column('basis')
        batch.drop_column('checked_law')
        batch.drop_column('checked_at')
        batch.drop_column('compared_with')
        batch.drop_column('label')
        batch.drop_column('return_to_start')
        batch.drop_column('free_order')
        batch.drop_column('arrive_by')

    with op.batch_alter_table('stops_upload') as batch:
        batch.drop_index(batch.f('ix_stops_upload_territory_id'))
        batch.drop_index(batch.f('ix_stops_upload_company_id'))

    op.drop_table('stops_upload')
    with op.batch_alter_table('address_check') as batch:
        batch.drop_index(batch.f('ix_address_check_territory_id'))
        batch.drop_index('ix_address_check_company_id_created_at')

    op.drop_table('address_check')
    with op.batch_alter_table('saved_place') as batch:
        batch.drop_index(batch.f('ix_saved_place_territory_id'))

    op.drop_table('saved_place')
