INSERT INTO pgagent.long_term_memory AS m
    (source, kind, name, content, terms, content_hash, metadata, bare, embedding_model, embedding_dimensions)
SELECT $1, c.kind, c.name, c.content, c.terms, c.hash, c.metadata::jsonb - 'bare', c.metadata::jsonb ->> 'bare', c.model, c.dimensions
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int4[])
     AS c(kind, name, content, terms, hash, metadata, model, dimensions)
ON CONFLICT (source, kind, name) DO UPDATE
SET content = excluded.content, terms = excluded.terms, content_hash = excluded.content_hash,
    metadata = excluded.metadata, bare = excluded.bare, embedding_model = excluded.embedding_model,
    embedding_dimensions = excluded.embedding_dimensions, updated_at = now()
