"""alerts without an account

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table('alert_subscription',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('territory_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('label', sa.String(length=255), nullable=False),
    sa.Column('wkb', sa.LargeBinary(), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('told', JSON, nullable=False),
    sa.Column('law_version', sa.String(length=255), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('confirmed_at', INSTANT, nullable=True),
    sa.Column('last_sent_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['territory_id'], ['territory.id'], name=op.f('fk_alert_subscription_territory_id_territory'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_subscription')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_alert_subscription_token_digest'))
    )
    op.create_index('ix_alert_subscription_territory_id_law_version', 'alert_subscription', ['territory_id', 'law_version'])


def downgrade() -> None:
    op.drop_index('ix_alert_subscription_territory_id_law_version', 'alert_subscription')
    op.drop_table('alert_subscription')
