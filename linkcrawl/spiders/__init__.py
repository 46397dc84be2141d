"""Scrapy's spider: a response becomes one Page, whatever the page holds."""
