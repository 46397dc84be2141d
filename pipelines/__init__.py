"""Scrapy item pipelines, in their order: normalize, classify, parquet, settle. One Page item a visit."""
