-- What pgagent remembers about databases: chunks of their schemas, and later values, examples and notes.
-- One memory may serve several databases; `source` tells them apart.
CREATE TABLE pgagent.long_term_memory (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source               text        NOT NULL,
    kind                 text        NOT NULL CHECK (kind IN ('table', 'relationship', 'value', 'example', 'note')),
    name                 text        NOT NULL,
    content              text        NOT NULL,
    -- The words of names and comments, for full text and trigrams.
    terms                text        NOT NULL,
    search               tsvector    GENERATED ALWAYS AS (to_tsvector('english'::regconfig, terms)) STORED,
    content_hash         text        NOT NULL,
    embedding_model      text,
    embedding_dimensions integer,
    metadata             jsonb       NOT NULL DEFAULT '{}',
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, kind, name)
);

CREATE INDEX long_term_memory_search ON pgagent.long_term_memory USING gin (search);

-- Adds what needs an extension, once the extension is there. Run at every setup, so that a server that
-- gets pgvector later gains the vectors then. Extensions may live in any schema.
CREATE PROCEDURE pgagent.add_extension_objects() LANGUAGE plpgsql AS $$
DECLARE
    vector_schema text := (SELECT n.nspname FROM pg_catalog.pg_extension AS e
                           JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
    trgm_schema   text := (SELECT n.nspname FROM pg_catalog.pg_extension AS e
                           JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF vector_schema IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = 'pgagent.long_term_memory'::regclass AND attname = 'embedding' AND NOT attisdropped
    ) THEN
        EXECUTE format('ALTER TABLE pgagent.long_term_memory ADD COLUMN embedding %I.vector(768)', vector_schema);
        EXECUTE format('CREATE INDEX long_term_memory_embedding ON pgagent.long_term_memory '
                       'USING hnsw (embedding %I.vector_cosine_ops)', vector_schema);
    END IF;
    IF trgm_schema IS NOT NULL AND pg_catalog.to_regclass('pgagent.long_term_memory_trigrams') IS NULL THEN
        EXECUTE format('CREATE INDEX long_term_memory_trigrams ON pgagent.long_term_memory '
                       'USING gin (terms %I.gin_trgm_ops)', trgm_schema);
    END IF;
END
$$;
