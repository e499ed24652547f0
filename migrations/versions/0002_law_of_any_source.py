"""law of any source: events, matches, feeds, publications, holiday calendars

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
OLD_KINDS = ('perimeters', 'orders', 'bays')
KINDS = (*OLD_KINDS, 'events')
OLD_TAGS = ('territories:territory:added', 'territories:territory:built', 'territories:territory:updated',
            'territories:territory:removed', 'accounts:user:registered', 'accounts:user:confirmed',
            'accounts:user:password_changed', 'accounts:company:registered', 'accounts:company:updated',
            'accounts:company:verified', 'accounts:company:refused', 'accounts:member:invited',
            'accounts:member:joined', 'accounts:member:removed', 'accounts:member:changed',
            'accounts:staff:added', 'accounts:staff:removed', 'fleet:vehicle:added', 'fleet:vehicle:updated',
            'fleet:vehicle:archived', 'fleet:vehicle:restored', 'fleet:import:applied',
            'numeriz:perimeter:imported', 'numeriz:order:imported', 'numeriz:bay:imported',
            'cirqliz:request:submitted', 'cirqliz:request:withdrawn', 'cirqliz:request:decided',
            'cirqliz:pass:issued', 'cirqliz:pass:revoked')
NEW_TAGS = ('numeriz:event:imported', 'numeriz:feed:added', 'numeriz:feed:changed', 'numeriz:feed:removed')
OLD_STATES = ('waiting', 'applied', 'refused')
STATES = ('waiting', 'applied', 'partial', 'unchanged', 'refused')
EVENT_KINDS = ('closure', 'laneClosure', 'alternate', 'roadworks', 'accident', 'obstacle', 'congestion', 'weather',
               'restriction', 'rerouting')
MATCHED = ('match_issue_count', 'match_issues', 'matched_as')
REGIONS = ('metropole', 'alsace-moselle', 'guadeloupe', 'martinique', 'guyane', 'reunion', 'mayotte',
           'saint-barthelemy', 'saint-martin')


def _enum(name, values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _territory(table):
    return sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], ondelete='CASCADE',
                                   name=op.f(f'fk_{table}_territory_id_territory'))


def _is_one_of(column, values):
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    _create_tables()
    with op.batch_alter_table('audit_entry') as batch:
        _replace_check(batch, 'ck_audit_entry_audittag', _is_one_of('tag', (*OLD_TAGS, *NEW_TAGS)))
    with op.batch_alter_table('delivery_bay') as batch:
        batch.add_column(sa.Column('source', sa.String(length=32), nullable=False, server_default='numeriz'))
        batch.add_column(sa.Column('name', sa.String(length=160), nullable=False, server_default=''))
        batch.add_column(sa.Column('outline_wkb', sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column('insee_code', sa.String(length=5), nullable=False, server_default=''))
        batch.add_column(sa.Column('max_gross_weight_kg', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('details', JSON, nullable=False, server_default='{}'))
        batch.add_column(sa.Column('created_at', INSTANT, nullable=True))
        batch.drop_constraint(op.f('uq_delivery_bay_territory_id_local_id'), type_='unique')
        batch.create_unique_constraint(op.f('uq_delivery_bay_territory_id_source_local_id'),
                                       ['territory_id', 'source', 'local_id'])
    op.execute("UPDATE delivery_bay SET created_at = updated_at")
    with op.batch_alter_table('delivery_bay') as batch:
        batch.alter_column('created_at', existing_type=INSTANT, nullable=False)
    with op.batch_alter_table('import_report') as batch:
        batch.add_column(sa.Column('feed_id', sa.Uuid(), nullable=True))
        batch.add_column(sa.Column('options', JSON, nullable=False, server_default='{}'))
        batch.create_foreign_key(op.f('fk_import_report_feed_id_feed'), 'feed', ['feed_id'], ['id'], ondelete='SET NULL')
        _replace_check(batch, 'ck_import_report_importkind', _is_one_of('kind', KINDS))
        _replace_check(batch, 'ck_import_report_importstate', _is_one_of('state', STATES))
    with op.batch_alter_table('territory') as batch:
        batch.add_column(sa.Column('holidays', sa.String(length=32), nullable=False, server_default='metropole'))
        batch.create_check_constraint(op.f('ck_territory_holidayregion'), _is_one_of('holidays', REGIONS))
    with op.batch_alter_table('traffic_order') as batch:
        batch.add_column(sa.Column('source', sa.String(length=32), nullable=False, server_default='numeriz'))
        batch.add_column(sa.Column('source_id', sa.String(length=255), nullable=False, server_default=''))
        batch.add_column(sa.Column('ends_at', INSTANT, nullable=True))
        _add_matched(batch)
    with op.batch_alter_table('perimeter') as batch:
        _add_matched(batch)
    # The identity an order had until now, as `OrderDraft.key` writes it.
    op.execute("UPDATE traffic_order SET source_id = identifier || '#' || authority_name")
    with op.batch_alter_table('traffic_order') as batch:
        batch.drop_constraint(op.f('uq_traffic_order_territory_id_authority_name_identifier'), type_='unique')
        batch.create_unique_constraint(op.f('uq_traffic_order_territory_id_source_source_id'),
                                       ['territory_id', 'source', 'source_id'])


def _add_matched(batch) -> None:
    for column in _matched():
        batch.add_column(column)


def _matched():
    return (
        sa.Column('matched_as', sa.String(length=160), nullable=False, server_default=''),
        sa.Column('match_issues', JSON, nullable=False, server_default='[]'),
        sa.Column('match_issue_count', sa.Integer(), nullable=False, server_default='0'),
    )


def downgrade() -> None:
    # What only this version can hold goes first: an older one has no place for it.
    op.execute(f"DELETE FROM audit_entry WHERE {_is_one_of('tag', NEW_TAGS)}")
    with op.batch_alter_table('audit_entry') as batch:
        _replace_check(batch, 'ck_audit_entry_audittag', _is_one_of('tag', OLD_TAGS))
    op.execute("DELETE FROM traffic_order WHERE source <> 'numeriz'")
    op.execute("DELETE FROM delivery_bay WHERE source <> 'numeriz'")
    op.execute("DELETE FROM import_report WHERE kind = 'events' OR state IN ('partial', 'unchanged')")
    with op.batch_alter_table('traffic_order') as batch:
        batch.drop_constraint(op.f('uq_traffic_order_territory_id_source_source_id'), type_='unique')
        batch.create_unique_constraint(op.f('uq_traffic_order_territory_id_authority_name_identifier'),
                                       ['territory_id', 'authority_name', 'identifier'])
        for name in (*MATCHED, 'ends_at', 'source_id', 'source'):
            batch.drop_column(name)
    with op.batch_alter_table('perimeter') as batch:
        for name in MATCHED:
            batch.drop_column(name)
    with op.batch_alter_table('territory') as batch:
        batch.drop_constraint(op.f('ck_territory_holidayregion'), type_='check')
        batch.drop_column('holidays')
    with op.batch_alter_table('import_report') as batch:
        _replace_check(batch, 'ck_import_report_importkind', _is_one_of('kind', OLD_KINDS))
        _replace_check(batch, 'ck_import_report_importstate', _is_one_of('state', OLD_STATES))
        batch.drop_constraint(op.f('fk_import_report_feed_id_feed'), type_='foreignkey')
        batch.drop_column('options')
        batch.drop_column('feed_id')
    with op.batch_alter_table('delivery_bay') as batch:
        batch.drop_constraint(op.f('uq_delivery_bay_territory_id_source_local_id'), type_='unique')
        batch.create_unique_constraint(op.f('uq_delivery_bay_territory_id_local_id'), ['territory_id', 'local_id'])
        for name in ('created_at', 'details', 'max_gross_weight_kg', 'insee_code', 'outline_wkb', 'name', 'source'):
            batch.drop_column(name)
    for table in ('source_record', 'road_event', 'publication', 'feed', 'edge_match'):
        op.drop_table(table)


def _replace_check(batch, name, condition):
    batch.drop_constraint(op.f(name), type_='check')
    batch.create_check_constraint(op.f(name), condition)


def _create_tables() -> None:
    op.create_table('edge_match',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('graph_version', sa.String(length=64), nullable=False),
    sa.Column('location_digest', sa.String(length=64), nullable=False),
    sa.Column('matched_share', sa.Double(), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=False),
    sa.Column('edge_count', sa.Integer(), nullable=False),
    sa.Column('edges', sa.LargeBinary(), nullable=False),
    *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ('missing', 'path')),
    sa.Column('issues', JSON, nullable=False),
    *(sa.Column(name, sa.Double(), nullable=True) for name in ('min_lon', 'min_lat', 'max_lon', 'max_lat')),
    sa.Column('matched_at', INSTANT, nullable=False),
    sa.CheckConstraint('matched_share BETWEEN 0 AND 1 AND confidence BETWEEN 0 AND 1', name=op.f('ck_edge_match_shares')),
    _territory('edge_match'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edge_match')),
    sa.UniqueConstraint('territory_id', 'graph_version', 'location_digest',
                        name=op.f('uq_edge_match_territory_id_graph_version_location_digest'))
    )
    op.create_table('feed',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('kind', _enum('importkind', KINDS), nullable=False),
    sa.Column('name', sa.String(length=160), nullable=False),
    sa.Column('format', sa.String(length=32), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('options', JSON, nullable=False),
    sa.Column('licence', sa.String(length=160), nullable=False),
    sa.Column('every_s', sa.Integer(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('etag', sa.String(length=255), nullable=False),
    sa.Column('last_modified', sa.String(length=64), nullable=False),
    sa.Column('position', JSON, nullable=False),
    sa.Column('next_at', INSTANT, nullable=True),
    sa.Column('checked_at', INSTANT, nullable=True),
    sa.Column('changed_at', INSTANT, nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error', JSON, nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint('every_s IS NULL OR every_s >= 60', name=op.f('ck_feed_every')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_feed_job_id_job'), ondelete='SET NULL'),
    _territory('feed'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feed')),
    sa.UniqueConstraint('territory_id', 'kind', 'url', name=op.f('uq_feed_territory_id_kind_url'))
    )
    op.create_table('publication',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=True),
    sa.Column('scope', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('law_version', sa.Text(), nullable=False),
    sa.Column('file_key', sa.String(length=80), nullable=False),
    sa.Column('etag', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('record_count', sa.Integer(), nullable=False),
    sa.Column('produced_at', INSTANT, nullable=False),
    _territory('publication'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publication')),
    sa.UniqueConstraint('scope', 'channel', name=op.f('uq_publication_scope_channel'))
    )
    op.create_table('road_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.String(length=32), nullable=False),
    sa.Column('source_id', sa.String(length=255), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('kind', _enum('eventkind', EVENT_KINDS), nullable=False),
    sa.Column('state', _enum('eventstate', ('planned', 'active', 'suspended', 'ended')), nullable=False),
    sa.Column('starts_at', INSTANT, nullable=False),
    sa.Column('ends_at', INSTANT, nullable=True),
    sa.Column('wkb', sa.LargeBinary(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('road', sa.String(length=60), nullable=False),
    sa.Column('direction', sa.String(length=16), nullable=False),
    sa.Column('max_speed_kmh', sa.Integer(), nullable=True),
    sa.Column('severity', sa.String(length=32), nullable=False),
    sa.Column('probability', _enum('probability', ('certain', 'probable', 'riskOf')), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('document', JSON, nullable=False),
    sa.Column('provenance', JSON, nullable=False),
    sa.Column('issues', JSON, nullable=False),
    *_matched(),
    sa.Column('issue_count', sa.Integer(), nullable=False),
    sa.Column('content_digest', sa.String(length=64), nullable=False),
    sa.Column('updated_at', INSTANT, nullable=False),
    sa.CheckConstraint("direction IN ('both', 'forward', 'backward', 'unknown')", name=op.f('ck_road_event_direction')),
    sa.CheckConstraint('max_speed_kmh IS NULL OR max_speed_kmh BETWEEN 1 AND 130', name=op.f('ck_road_event_speed')),
    _territory('road_event'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_road_event')),
    sa.UniqueConstraint('territory_id', 'source', 'source_id', name=op.f('uq_road_event_territory_id_source_source_id'))
    )
    op.create_index('ix_road_event_territory_id_starts_at_id', 'road_event', ['territory_id', 'starts_at', 'id'])
    op.create_table('source_record',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('kind', _enum('importkind', KINDS), nullable=False),
    sa.Column('source', sa.String(length=32), nullable=False),
    sa.Column('record_id', sa.String(length=255), nullable=False),
    sa.Column('scope', sa.String(length=32), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('kept', sa.Boolean(), nullable=False),
    sa.Column('issues', JSON, nullable=False),
    _territory('source_record'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source_record')),
    sa.UniqueConstraint('territory_id', 'kind', 'source', 'record_id',
                        name=op.f('uq_source_record_territory_id_kind_source_record_id'))
    )
