from ai2text.api_gateway.main import main

if __name__ == "__main__":
    main()
